"""A Django project without a database, sessions or users: tokens say who asks."""

from __future__ import annotations

import os

from authsite_verifier import Settings

#: Whom to believe: read now, so that a missing or bad value stops the start.
AUTHSITE = Settings.read(os.environ, name="drf-service")

DEBUG = False
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1").split(",")
ROOT_URLCONF = "orders.urls"
WSGI_APPLICATION = "orders.wsgi.application"
INSTALLED_APPS = ["rest_framework"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",  # Content-Length
]
APPEND_SLASH = False
TIME_ZONE = "UTC"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["orders.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "orders.errors.handler",
    # Django's AnonymousUser would want the tables of django.contrib.auth.
    "UNAUTHENTICATED_USER": None,
}
