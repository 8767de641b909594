"""What sites keep beside annotations: one model for each way in which a foreign key can point to rows of ours."""

from typing import Any

from django.db import models

from openimages_io.models import Image, Label, Shape, Task


class Note(models.Model):
    """Goes with its shape."""

    shape = models.ForeignKey(Shape, on_delete=models.CASCADE)


class Answer(models.Model):
    """Goes with its note."""

    note = models.ForeignKey(Note, on_delete=models.CASCADE)


class Mark(models.Model):
    """Stays when its shape goes, and points to nothing then."""

    shape = models.ForeignKey(Shape, null=True, on_delete=models.SET_NULL, related_name="+")


class Review(models.Model):
    """Goes with its image; the images that it compares it with may go."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE)
    compared: Any = models.ManyToManyField(Image, related_name="+")


class Guide(models.Model):
    """Goes with its label."""

    label = models.OneToOneField(Label, on_delete=models.CASCADE)


class Assignment(models.Model):
    """Goes with its task."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE)


class Invoice(models.Model):
    """Forbids that its shape goes."""

    shape = models.ForeignKey(Shape, on_delete=models.PROTECT)
