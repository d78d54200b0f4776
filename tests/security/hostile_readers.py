"""Functions that read what anybody may send, each with hostile texts of its kind."""

from __future__ import annotations

import base64
import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
from allauth.account.adapter import get_adapter
from allauth.mfa.internal.flows.trust import decode_trust_cookie
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.utils.translation import get_language_from_request
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from accounts import etags
from accounts.api.negotiation import JSONParser
from accounts.audit.history import device_name, known_device_name
from accounts.audit.record import printable, user_agent_of
from accounts.models import normalise_email
from accounts.policy import closing, last_used, limits, not_me, passwords
from accounts.policy.addresses import is_look_alike
from accounts.policy.client_address import client_address, one_spelling
from accounts.policy.passkey_forms import LONGEST_MEMBER, CredentialField
from accounts.tokens import backend, readers
from accounts.tokens.claims import MAX_TOKEN_LENGTH
from accounts.tokens.verify import verify_any
from authsite import bounds, gateway, head, logs
from authsite.request_ids import client_id
from tests.security import hostile_texts as texts
from tests.security.hostile_inputs import (
    BODY,
    EMAILS,
    HEADER,
    IN_HEADER,
    TARGET,
    TEXT,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Reader:
    """Something that is called with a text, and the largest that it can be handed."""

    call: Callable[[Any], object]
    texts: Mapping[str, Callable[[int], Any]]
    most: int

    def read(self, text: Any) -> None:
        """Call it; that it refuses the text is right."""
        with contextlib.suppress(Exception):
            self.call(text)


def _request(text: str = "", **meta: Any) -> WSGIRequest:
    """A request as the server makes it."""
    body = meta.pop("body", b"")
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/", "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
    }  # fmt: skip
    return WSGIRequest({**environ, **meta})


def _with(name: str, call: Callable[[Any], object]) -> Callable[[str], object]:
    """The call on a request with that in META."""
    return lambda text: call(_request(**{name: text}))


def _with_cookies(call: Callable[[Any], object]) -> Callable[[str], object]:
    """The same for the cookies, as the front hands them over."""
    return lambda text: call(_request(HTTP_COOKIE=head.plain_cookies(text)))


def _form(kind: str) -> Callable[[str], object]:
    def read(body: str) -> object:
        request = _request(body=body.encode(), CONTENT_TYPE=kind)
        bounds.check(request)
        return request.POST

    return read


def _scope(*headers: tuple[str, str]) -> dict[str, Any]:
    """What granian hands over (ASGI 3.0)."""
    return {
        "type": "http", "method": "GET", "scheme": "http", "http_version": "1.1",
        "raw_path": b"/", "query_string": b"",
        "server": ("127.0.0.1", 80), "client": ("192.0.2.1", 4711),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }  # fmt: skip


def _headers_of(text: str) -> list[tuple[str, str]]:
    return [(f"x-{number}", text) for number in range(3)]


CLIENT_DATA = b'{"type":"webauthn.get","challenge":"AA","origin":"http://localhost"}'


def _cbor(kind: str) -> Callable[[int], dict[str, Any]]:
    """A passkey's answer whose bytes are one long array of small numbers."""

    def make(size: int) -> dict[str, Any]:
        room = size * 3 // 4 - 100
        array = b"\x9a" + room.to_bytes(4, "big") + b"\x01" * room
        data = b"\x00" * 32 + b"\x81" + b"\x00" * 4 + array
        if kind == "attestationObject":
            data = b"\xa1\x61a" + array
        written = base64.urlsafe_b64encode(data).decode().rstrip("=")
        client = base64.urlsafe_b64encode(CLIENT_DATA).decode().rstrip("=")
        inner = {"clientDataJSON": client, "signature": "AA", kind: written}
        return {"id": "AA", "rawId": "AA", "type": "public-key", "response": inner}

    return make


def _credential(kind: Any) -> Callable[[dict[str, Any]], object]:
    return lambda answer: kind.from_dict(CredentialField().clean(answer))


def _token(inner: Callable[[int], str]) -> Callable[[int], str]:
    """Something with the form of a token, whose header is that text."""

    def make(size: int) -> str:
        text = inner(size // 2).encode()
        return base64.urlsafe_b64encode(text).decode().rstrip("=") + ".e30.AA"

    return make


TOKENS = {
    **texts.FOR_HEADERS,
    **{f"header: {name}": _token(text) for name, text in texts.FOR_JSON.items()},
}
MULTIPART = "multipart/form-data; boundary=x"
READERS: dict[str, Reader] = {
    # bodies
    "bounds.check_json": Reader(lambda text: bounds.check_json(text.encode()),
                                texts.FOR_JSON, BODY),
    "accounts.api.negotiation.JSONParser": Reader(
        lambda text: JSONParser().parse(io.BytesIO(text.encode())),
        texts.FOR_JSON, BODY),
    "bounds.check_form": Reader(lambda text: bounds.check_form(text.encode()),
                                texts.FOR_FORMS, BODY),
    "bounds.check_parts": Reader(
        lambda text: bounds.check_parts(text.encode(), {"boundary": "x"}),
        texts.FOR_MULTIPART, BODY),
    "a form": Reader(_form("application/x-www-form-urlencoded"),
                     texts.FOR_FORMS, BODY),
    "a multipart form": Reader(_form(MULTIPART), texts.FOR_MULTIPART, BODY),
    # lengths and heads
    "bounds.fits": Reader(bounds.fits, TEXT, 10**6),
    "bounds.check: Content-Length": Reader(
        _with("CONTENT_LENGTH", bounds.check), TEXT, 10**6),
    "gateway.make_environ": Reader(
        lambda text: gateway.make_environ(_scope(*_headers_of(text))),
        IN_HEADER, HEADER),
    "gateway.make_environ: cookies": Reader(
        lambda text: gateway.make_environ(_scope(("cookie", text))),
        IN_HEADER, head.FIELDS[b"cookie"]),
    "head.refused": Reader(
        lambda text: head.refused(_scope(*_headers_of(text))),
        IN_HEADER, HEADER),
    "WSGIRequest: Content-Type": Reader(
        _with("CONTENT_TYPE", lambda request: request.content_params),
        IN_HEADER, head.FIELDS[b"content-type"]),
    # headers
    "request_ids.client_id": Reader(_with("HTTP_X_REQUEST_ID", client_id),
                               IN_HEADER, HEADER),
    "etags.answer": Reader(
        _with("HTTP_IF_NONE_MATCH", lambda request: etags.answer(request, b"", "a/b")),
        IN_HEADER, HEADER),
    "client_address": Reader(_with("HTTP_X_FORWARDED_FOR", client_address),
                             IN_HEADER, HEADER),
    "one_spelling": Reader(one_spelling, IN_HEADER, HEADER),
    "get_client_ip": Reader(_with("REMOTE_ADDR", lambda request:
                                  get_adapter().get_client_ip(request)),
                            IN_HEADER, HEADER),
    "device_name": Reader(device_name, IN_HEADER, HEADER),
    "known_device_name": Reader(known_device_name, IN_HEADER, HEADER),
    "user_agent_of": Reader(_with("HTTP_USER_AGENT", user_agent_of),
                            IN_HEADER, HEADER),
    "printable": Reader(printable, TEXT, HEADER),
    "readers.name_of": Reader(_with("HTTP_X_SERVICE_NAME", readers.name_of),
                              IN_HEADER, HEADER),
    "get_language_from_request": Reader(
        _with("HTTP_ACCEPT_LANGUAGE", get_language_from_request), IN_HEADER, HEADER),
    "logs.mask_paths": Reader(
        lambda text: logs.mask_paths(None, "", {"request": f"/reset/key/{text}"}),
        IN_HEADER, HEADER),
    # cookies
    **{
        f"cookie: {read.__module__}.{read.__name__}": Reader(
            _with_cookies(read),
            {name: (lambda size, text=text, cookie=cookie:
                    f"{cookie}={text(size - 30)}")
             for name, text in IN_HEADER.items()},
            head.FIELDS[b"cookie"])
        for read, cookie in (
            (limits._read_cookie, settings.DEVICE_COOKIE_NAME),
            (last_used.last_way, settings.LAST_USED_COOKIE_NAME),
            (decode_trust_cookie, settings.MFA_TRUST_COOKIE_NAME),
        )
    },
    # what people type
    "normalise_email": Reader(normalise_email, EMAILS, BODY),
    "is_look_alike": Reader(is_look_alike, EMAILS, BODY),
    "clean_email": Reader(lambda text: get_adapter().clean_email(text), EMAILS, BODY),
    "attempts_key": Reader(lambda text: limits.attempts_key(_request(), text),
                           EMAILS, BODY),
    "is_safe_url": Reader(lambda text: get_adapter().is_safe_url(f"/{text}"),
                          TEXT, BODY),
    "clean_password": Reader(lambda text: get_adapter().clean_password(text),
                             TEXT, BODY),
    "BrandNameValidator": Reader(
        lambda text: passwords.BrandNameValidator().validate(text),
        {**TEXT, "the site's name": texts.repeated("authsite")}, BODY),
    # tokens
    "verify_any": Reader(verify_any, TOKENS, BODY),
    "backend.read": Reader(lambda text: backend.read(text.encode()),
                           TOKENS, MAX_TOKEN_LENGTH),
    "an id_token's header": Reader(jwt.get_unverified_header, TOKENS, BODY),
    "not_me.read": Reader(not_me.read, IN_HEADER, TARGET),
    "closing.by_undo_link": Reader(closing.by_undo_link, IN_HEADER, TARGET),
    **{
        f"{what}, {most} letters": Reader(
            _credential(kind), {"cbor": _cbor(member)}, most
        )
        for most in (LONGEST_MEMBER, BODY)
        for what, kind, member in (
            ("a passkey's assertion", AuthenticationResponse, "authenticatorData"),
            ("a new passkey", RegistrationResponse, "attestationObject"),
        )
    },
}  # fmt: skip
