"""A folder's files into an index: found, told apart, cut into passages, embedded."""

from sotto.index.folder.ingest import FolderOptions, Outcome, add_folder
from sotto.index.folder.models import Models
from sotto.index.folder.walk import WalkOptions

__all__ = ["FolderOptions", "Models", "Outcome", "WalkOptions", "add_folder"]
