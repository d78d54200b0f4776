"""`python manage.py runserver 8003 --noreload`, or any other command of Django."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orders.settings")
    execute_from_command_line(sys.argv)
