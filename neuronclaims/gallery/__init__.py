"""The gallery of published findings: a claim file each. An installed package has the files here, in ``files``."""
