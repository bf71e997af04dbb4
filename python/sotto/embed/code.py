"""Source code to vectors."""

from __future__ import annotations

from dataclasses import dataclass

from sotto.embed.text import TextEncoder


@dataclass(frozen=True)
class CodeSpan:
    """Some consecutive lines of a file.

    Attributes:
        start: number of the first line, from 1.
        end: number of the last.
        text: the lines, as they are in the file.
    """

    start: int
    end: int
    text: str


class CodeEncoder(TextEncoder):
    """An encoder of code, such as CodeBERT or UniXcoder: a :class:`TextEncoder` that also splits
    files into what it takes at once.
    """

    def split(self, text: str) -> list[CodeSpan]:
        """A file's lines in spans that the model takes whole.

        Each span is as long as fits, and ends before a blank line or one that is not indented
        where there is such in its second half. A line that alone is too long is a span of its
        own, whose vector is that of its beginning. Spans of blank lines alone are left out.

        Raises:
            OptionError: the text is not valid Unicode.
        """
        lines = text.splitlines(keepends=True)
        sizes = self._tokenizer.counts(lines)
        room = self.max_length - self._tokenizer.special
        spans, start = [], 0
        while start < len(lines):
            end = _cut(lines, start, _filled(sizes, start, room))
            content = "".join(lines[start:end])
            if content.strip():
                spans.append(CodeSpan(start + 1, end, content))
            start = end
        return spans


def _filled(sizes: list[int], start: int, room: int) -> int:
    """The end of the longest run of lines from ``start`` that has ``room`` tokens, or one line."""
    end, used = start + 1, sizes[start]
    while end < len(sizes) and used + sizes[end] <= room:
        used += sizes[end]
        end += 1
    return end


def _cut(lines: list[str], start: int, end: int) -> int:
    """A better end of a span that the file goes on after: where a definition may end."""
    if end == len(lines):
        return end
    for candidate in range(end, start + (end - start) // 2, -1):
        if not lines[candidate].strip() or not lines[candidate][0].isspace():
            return candidate
    return end
