"""The edit document: an `Edit` as JSON, and back."""

from pliant.document.models import schema as schema
from pliant.document.read import load as load
from pliant.document.read import loads as loads
from pliant.document.write import dumps as dumps
from pliant.document.write import save as save
