"""A script on the client that openapi-python-client makes: it passes mypy, and is run against a live site."""

import json
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import TypeVar

from openimages.api.images import images_upload
from openimages.api.jobs import jobs_file, jobs_read, tasks_export, tasks_import
from openimages.api.labels import labels_create
from openimages.api.login import obtain_token
from openimages.api.shapes import shapes_add, shapes_list, shapes_patch, shapes_save
from openimages.api.tasks import tasks_create
from openimages.client import AuthenticatedClient, Client
from openimages.models import (
    AttributeSpecRequest,
    AttributeValues,
    ExportBodyRequest,
    ImageList,
    ImportFormRequest,
    Job,
    Label,
    LabelRequest,
    LoginRequest,
    NewMask,
    NewRectangle,
    NewTag,
    Problem,
    RectangleShape,
    RectangleUpdate,
    RunLengthMask,
    RunLengths,
    ShapeFieldsUpdate,
    ShapeList,
    ShapeListChange,
    ShapeListUpdate,
    Task,
    TaskRequest,
    Token,
    UploadRequest,
)
from openimages.types import File, Response

Wanted = TypeVar("Wanted")
url, picture, archive, target, name = sys.argv[1:]


def found(kind: type[Wanted], answer: object) -> Wanted:
    """What was asked for. Raises `AssertionError` with every fault and its place."""
    if isinstance(answer, Problem):
        faults = [f"{fault.path}: {fault.message} ({fault.code})" for fault in answer.errors]
        raise AssertionError("\n".join([answer.detail, *faults]))  # noqa: TRY004
    assert isinstance(answer, kind), answer
    return answer


def file(path: str) -> File:
    """A file to be uploaded."""
    return File(payload=BytesIO(Path(path).read_bytes()), file_name=Path(path).name)


login = obtain_token.sync(client=Client(base_url=url), body=LoginRequest(username="admin", password="admin"))
client = AuthenticatedClient(base_url=url, token=found(Token, login).token)


def ended(job: Job) -> Job:
    """The job at its end."""
    while True:
        now = found(Job, jobs_read.sync(job.id, client=client))
        if now.finished is not None:
            return now
        time.sleep(0.1)


task = found(Task, tasks_create.sync(client=client, body=TaskRequest(name=name)))
spec = AttributeSpecRequest(name="pose", input_type="radio", values=["sits", "runs"])
new_label = LabelRequest(name="/m/cat", attribute_specs=[spec])
label = found(Label, labels_create.sync(task.id, client=client, body=new_label))
uploaded = images_upload.sync(task.id, client=client, body=UploadRequest(files=[file(picture)]))
image = found(ImageList, uploaded).results[0]

pose = AttributeValues()
pose["pose"] = "sits"
box = NewRectangle(kind="rectangle", label=label.id, key="box", x_min=1, x_max=11, y_min=2, y_max=12, attributes=pose)
mask = NewMask(kind="mask", label=label.id, mask=RunLengthMask(rle=RunLengths(size=[2, 2], counts=[1, 2, 1])))
made = found(ShapeList, shapes_add.sync(image.id, client=client, body=[box, mask], units="pixels"))
assert made.shapes[0].key == "box"


def read() -> tuple[ShapeList, str]:
    """The shapes, and the ETag of this version."""
    answer = shapes_list.sync_detailed(image.id, client=client, units="pixels")
    return found(ShapeList, answer.parsed), answer.headers["ETag"]


def save(seen: ShapeList, etag: str) -> Response[object]:
    """Two clients save: the second one is told, reads again, and saves what it wanted."""
    shapes: list[RectangleUpdate | ShapeFieldsUpdate] = []
    for shape in seen.shapes:
        if isinstance(shape, RectangleShape):
            shapes.append(RectangleUpdate(id=shape.id, kind="rectangle", x_max=shape.x_max + 4))
        else:
            shapes.append(ShapeFieldsUpdate(id=shape.id, score=0.5))
    body = ShapeListUpdate(shapes=[*shapes])
    answer = shapes_save.sync_detailed(image.id, client=client, body=body, if_match=etag, units="pixels")
    return Response(answer.status_code, answer.content, answer.headers, answer.parsed)


old = read()
tag = ShapeListChange(create=[NewTag(kind="tag", label=label.id)])
found(ShapeList, shapes_patch.sync(image.id, client=client, body=tag, units="pixels"))
refused = save(*old)
assert refused.status_code == 412
assert isinstance(refused.parsed, Problem)
assert refused.parsed.code == "changed_meanwhile"
saved = found(ShapeList, save(*read()).parsed)
assert [shape.x_max for shape in saved.shapes if isinstance(shape, RectangleShape)] == [15]

options = ImportFormRequest(
    archive=file(archive), dry_run=False, missing_images="create", missing_labels="create", missing_attributes="create"
)
imported = ended(found(Job, tasks_import.sync(task.id, client=client, body=options)))
assert imported.state == "succeeded", imported.message
assert imported.committed
exported = tasks_export.sync(task.id, client=client, body=ExportBodyRequest(layout="documented"))
zipped = jobs_file.sync(ended(found(Job, exported)).id, client=client)
Path(target).write_bytes(found(File, zipped).payload.read())
print(json.dumps({"task": task.id, "image": image.id, "kinds": [shape.kind for shape in saved.shapes]}))
