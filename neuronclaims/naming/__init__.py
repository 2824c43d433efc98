"""What claims are called: one name, ``claims/x.claims.yaml::demo::hanoi``, in files, reports, baselines and commands.

``project.py`` finds the folder that names begin at, ``claim_name.py`` is the name, ``wanted.py`` what people write
instead of it, ``prefixes.py`` joins names that begin at different folders.
"""

from neuronclaims.naming.claim_name import ClaimName as ClaimName
from neuronclaims.naming.project import file_name as file_name
from neuronclaims.naming.project import marked_root as marked_root
from neuronclaims.naming.project import project_root as project_root
from neuronclaims.naming.wanted import NoSuchClaimError as NoSuchClaimError
from neuronclaims.naming.wanted import Wanted as Wanted
