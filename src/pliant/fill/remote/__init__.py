"""A filler that runs elsewhere: a running Pliant, IOPaint or ComfyUI, reached over HTTP."""

from pliant.fill.remote.filler import from_url as from_url
