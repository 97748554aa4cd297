"""How much of an upload is taken in, whichever form it comes by."""

from typing import Any

from django.core.files.uploadhandler import TemporaryFileUploadHandler

from initiatives.documents import MOST_BYTES

LONGEST_FILE_NAME = 200  # the temporary file carries its ending


class BoundedUpload(TemporaryFileUploadHandler):
    """Stop writing where a file is too large for every form here, and say its true size.

    Django itself has no limit for files: without this, one request fills the disk.
    """

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        stem, dot, ending = file_name.rpartition(".")
        if len(ending) > LONGEST_FILE_NAME:
            file_name = stem[:LONGEST_FILE_NAME] + dot + ending[:LONGEST_FILE_NAME]
        super().new_file(field_name, file_name, *args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start <= MOST_BYTES:
            super().receive_data_chunk(raw_data, start)
