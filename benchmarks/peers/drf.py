"""Django REST framework: a `ModelViewSet` with django-filter, ordering and page numbers, in one file."""

import os
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import django
from django.conf import settings

address = urlsplit(os.environ["PEER_DATABASE_URL"])
if address.scheme.startswith("sqlite"):
    # As Django's guide to SQLite in production has it: the log beside the file, writers that wait for each other.
    database: dict[str, Any] = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": address.path[1:],
        "OPTIONS": {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }
else:
    host = parse_qs(address.query).get("host", [address.hostname or ""])[0]
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address.path[1:],
        "USER": unquote(address.username or ""),
        "PASSWORD": unquote(address.password or ""),
        "HOST": host,
        "PORT": address.port or "",
    }
settings.configure(
    SECRET_KEY="of a benchmark that serves nobody",  # noqa: S106  it opens nothing
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    TIME_ZONE="UTC",
    INSTALLED_APPS=["rest_framework", "django_filters"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={"default": database | {"CONN_MAX_AGE": None}},
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "DEFAULT_FILTER_BACKENDS": [
            "django_filters.rest_framework.DjangoFilterBackend",
            "rest_framework.filters.OrderingFilter",
        ],
        "PAGE_SIZE": 50,
    },
)
django.setup()

# All of these want the settings above.
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from rest_framework import pagination, routers, serializers, viewsets  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402


class Store(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7)
    external_id = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001  as the table has it
    zone = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  as above
    group = models.CharField(max_length=100, null=True, blank=True, db_index=True)  # noqa: DJ001  as above
    tags = models.JSONField(default=dict)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    version = models.IntegerField(default=1)

    class Meta:
        app_label = "stores"
        db_table = "stores"
        managed = False

    def __str__(self) -> str:
        return self.external_id


class StoreSerializer(serializers.ModelSerializer):
    class Meta:
        model = Store
        fields = "__all__"
        read_only_fields: ClassVar = ["id", "created_at", "updated_at", "version"]

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        return super().update(instance, validated_data | {"version": instance.version + 1})


class Pages(pagination.PageNumberPagination):
    page_size_query_param = "size"
    max_page_size = 1000


class StoreViewSet(viewsets.ModelViewSet):
    queryset = Store.objects.all()
    serializer_class = StoreSerializer
    pagination_class = Pages
    filterset_fields: ClassVar = ["group", "active"]
    ordering_fields: ClassVar = ["external_id", "name", "created_at"]


router = routers.SimpleRouter(trailing_slash=False)
router.register("stores", StoreViewSet)
urlpatterns = router.urls
application = get_wsgi_application()
