"""Requests made up from the OpenAPI document: no answer is a crash, or unlike what the document says."""

import json

import pytest
from hypothesis import HealthCheck, settings
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from served import document, mask, photo, serving

from pliant.serve.app import create_app
from pliant.serve.settings import Settings

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def address():
    with serving(Settings(port=0, queue=1000)) as (made, _):
        yield made


SCHEMA = openapi.from_dict(create_app().openapi())


@SCHEMA.hook
def map_body(context, body):
    """Real files in most requests, or none would get past the decoders."""
    if isinstance(body, dict):
        real = {"image": photo(), "mask": mask(), "edit": json.dumps(document()).encode()}
        given = sorted(body.keys() & real.keys())
        fake = given[len(repr(body)) % len(given)] if given and len(repr(body)) % 4 == 0 else None
        return {name: real[name] if name in real and name != fake else value for name, value in body.items()}
    return body


@SCHEMA.parametrize()
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
def test_what_the_document_allows(case, address):
    case.call_and_validate(base_url=address, checks=CHECKS)
