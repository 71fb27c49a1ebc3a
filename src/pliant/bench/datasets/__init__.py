"""The data sets of the bench: recognised by how their files lie, read without running what is in them."""

from pliant.bench.datasets.check import Check as Check
from pliant.bench.datasets.check import check as check
from pliant.bench.datasets.documents import convert as convert
from pliant.bench.datasets.folder import open_data as open_data
from pliant.bench.datasets.show import show as show
