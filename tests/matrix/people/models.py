"""Users with a UUID for a key, who log in with an e-mail address."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, Permission, PermissionsMixin
from django.db import models


class People(BaseUserManager["Person"]):
    """Makes users."""

    def create_superuser(self, email: str, password: str | None = None, **values: Any) -> "Person":
        """Makes one who may do everything."""
        user = self.model(email=self.normalize_email(email), is_staff=True, is_superuser=True, **values)
        user.set_password(password)
        user.save(using=self._db)
        return user


class Person(AbstractBaseUser, PermissionsMixin):
    """A user."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_superuser = models.BooleanField(default=False)
    groups: Any = models.ManyToManyField(Group, blank=True)
    user_permissions: Any = models.ManyToManyField(Permission, blank=True)

    objects = People()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
