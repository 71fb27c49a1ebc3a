"""Picture files in and out, with everything a file carries beside its pixels."""

from pliant.imageio.embedded import read_edit as read_edit
from pliant.imageio.read import MAX_PIXELS as MAX_PIXELS
from pliant.imageio.read import Readable as Readable
from pliant.imageio.read import load as load
from pliant.imageio.write import encode as encode
from pliant.imageio.write import format_of as format_of
from pliant.imageio.write import save as save
