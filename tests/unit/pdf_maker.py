"""Small PDFs, written out by hand: pages of lines in Helvetica, each with a size, bold or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from pypdf import PdfReader, PdfWriter

_TOP, _LEFT = 780, 60


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page. `gap` is how far it stands below the one before, in points."""

    text: str
    size: int = 11
    bold: bool = False
    gap: int = 14


def pdf_of(pages: Sequence[Sequence[Line]], title: str = "", author: str = "", created: str = "") -> bytes:
    """Return a PDF of pages of lines."""
    said = {"Title": title, "Author": author, "CreationDate": created}
    info = " ".join(f"/{name} ({value})" for name, value in said.items() if value)
    kids = " ".join(f"{6 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        _font("Helvetica"),
        _font("Helvetica-Bold"),
        f"<< {info} >>".encode("cp1252"),
    ]
    for number, lines in enumerate(pages):
        content = _content(lines)
        resources = "<< /Font << /F1 3 0 R /F2 4 0 R >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources {resources}"
            f" /Contents {7 + 2 * number} 0 R >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return _file(objects)


def encrypted(data: bytes, password: str) -> bytes:
    """Return a PDF that opens with a password only."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(data)))
    writer.encrypt(password, algorithm="RC4-128")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _font(name: str) -> bytes:
    return f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()


def _content(lines: Sequence[Line]) -> bytes:
    parts, height = [], float(_TOP)
    for line in lines:
        height -= line.gap
        text = line.text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        font = "F2" if line.bold else "F1"
        parts.append(f"BT /{font} {line.size} Tf {_LEFT} {height} Td (".encode() + text + b") Tj ET")
    return b"\n".join(parts)


def _file(objects: Sequence[bytes]) -> bytes:
    out, places = BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, content in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer << /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()
