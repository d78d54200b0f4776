"""The site's addresses, and views that stream or take large bodies.

A stream waits for marks: files in the folder WIRE_FOLDER that a test makes, and tells
what happened to it by making some itself. So tests wait for events, never for a time.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import time
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required
from django.core.signals import request_finished
from django.http import FileResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.uploads import max_body
from authsite.urls import *  # noqa: F403
from authsite.urls import urlpatterns as real

FOLDER = Path(os.environ.get("WIRE_FOLDER", "/nonexistent"))
MEGABYTE = 1024 * 1024


def mark(name):
    (FOLDER / name).touch()


def is_marked(name):
    return (FOLDER / name).exists()


def parts(name):
    """One part, then nothing until the test says so, then another."""
    try:
        yield "first\n"
        while not is_marked(f"{name}-go"):
            time.sleep(0.02)
        yield "last\n"
    finally:
        mark(f"{name}-closed")


def beats(name):
    """A part for ever and ever."""
    try:
        while True:
            yield "beat\n"
            time.sleep(0.02)
    finally:
        mark(f"{name}-closed")


async def async_parts(name):
    try:
        yield "first\n"
        while not is_marked(f"{name}-go"):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)
        people = await get_user_model().objects.acount()
        yield f"{people} people\n"
    finally:
        mark(f"{name}-closed")


def counted(name):
    """Asks the database, then waits: like a page that follows what is new."""
    yield f"{get_user_model().objects.count()}\n"
    while not is_marked(f"{name}-go"):
        time.sleep(0.02)


def flood(name):
    """200 MB as fast as they are taken; how many parts there were is a file's size."""
    try:
        with (FOLDER / f"{name}-made").open("wb", buffering=0) as made:
            for _ in range(3200):
                made.write(b".")
                yield b"x" * 65536
    finally:
        mark(f"{name}-closed")


def rows(name):
    """Reads by a server-side cursor that stays open over many parts."""
    people = get_user_model().objects.order_by("email")
    for person in people.iterator(chunk_size=2):
        yield f"{person.email}\n"


def failing(name):
    yield "first\n"
    raise RuntimeError("A test wants a stream that breaks.")


SHAPES = {
    "parts": parts, "beats": beats, "async": async_parts, "counted": counted,
    "flood": flood, "rows": rows, "failing": failing,
}  # fmt: skip


class Followed(StreamingHttpResponse):
    """Says when it was closed, and that Django heard of it."""

    name = ""

    def close(self):
        def finished(**_):
            mark(f"{self.name}-finished")

        request_finished.connect(finished, weak=False)
        super().close()
        request_finished.disconnect(finished)


@login_not_required
def stream(request, shape, name):
    response = Followed(SHAPES[shape](name), content_type="text/plain")
    response.name = name
    return response


@login_not_required
def download(request, size):
    """So many megabytes of a file that takes no room."""
    file = (FOLDER / "large").open("w+b")
    file.truncate(size * MEGABYTE)
    file.seek(0)
    return FileResponse(file, content_type="application/octet-stream")


@login_not_required
def memory(request):
    """The most that this process has had, in KiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return JsonResponse({"pid": os.getpid(), "peak": peak})


def digest(file):
    return hashlib.sha256(file.read()).hexdigest()


@csrf_exempt
@login_not_required
@max_body(6 * MEGABYTE)
def upload(request):
    if "file" not in request.FILES:
        return JsonResponse({"digest": digest(request)})
    return JsonResponse({"digest": digest(request.FILES["file"])})


@max_body(3 * MEGABYTE)
class Picture(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()
    parser_classes = (MultiPartParser,)
    sessionless = True
    schema = None

    def post(self, request):
        return Response({"digest": digest(request.data["file"])})


class Json(View):
    def post(self, request):
        return JsonResponse({"length": len(request.body)})


@login_not_required
def whereabouts(request):
    names = ("REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "HTTP_X_NAME", "PATH_INFO")
    return JsonResponse({name: request.META.get(name) for name in names})


urlpatterns = [
    path("wire/stream/<shape>/<name>/", stream),
    path("api/wire/stream/<shape>/<name>/", stream),
    path("wire/download/<int:size>/", download),
    path("wire/memory/", memory),
    path("wire/upload/", upload),
    path("wire/whereabouts/", whereabouts),
    path("api/wire/picture/", Picture.as_view()),
    path(
        "wire/json/",
        max_body(2 * MEGABYTE)(csrf_exempt(login_not_required(Json.as_view()))),
    ),
    *real,
]
