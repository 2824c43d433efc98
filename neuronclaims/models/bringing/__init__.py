"""What people bring: folders of other sorts, adapters, objects wrapped by others, modules of their own."""
