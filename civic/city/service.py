"""What other rooms may use of the city: the book, how to open it, how to load its folder."""

from civic.city.book import MAIN, Category, CityBook, Department, Place
from civic.city.load import LoadReport, load
from civic.city.reading import open_book, refreshed

__all__ = ["MAIN", "Category", "CityBook", "Department", "LoadReport", "Place", "load", "open_book", "refreshed"]
