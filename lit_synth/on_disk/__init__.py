"""What may be as long as a data set is kept in files: memory holds some bytes a row, however long the row is."""

from lit_synth.on_disk.by_id import ById
from lit_synth.on_disk.hashes import Hashes, as_array, digest
from lit_synth.on_disk.kept import Kept, Lines
from lit_synth.on_disk.ordering import in_order, scratch

__all__ = ["ById", "Hashes", "Kept", "Lines", "as_array", "digest", "in_order", "scratch"]
