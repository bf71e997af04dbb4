"""The commands of ``sotto``, a file each, and what their options have in common."""
