"""What other rooms may use of saved views."""

from civic.views.saved import MOST, View, Viewer, add, change, list_views, read, remove

__all__ = ["MOST", "View", "Viewer", "add", "change", "list_views", "read", "remove"]
