"""The same passages in tantivy, asked for the same words: the other side of bench.search_speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tantivy

from archive.columns import FACETS
from archive.facets import MOST_VALUES
from archive.question import look_up, read_question

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

_ROWS = """
SELECT p.text, t.person_id, r.organisation_id, s.event_id, e.series_id,
       SUBSTR(COALESCE(s.date, e.date), 1, 4), s.kind, t.origin
FROM passages p JOIN turns t ON t.id = p.turn_id JOIN sessions s ON s.id = t.session_id
JOIN events e ON e.id = s.event_id
LEFT JOIN roles r ON r.person_id = t.person_id AND r.event_id = s.event_id
"""


@dataclass(frozen=True)
class Index:
    """An open index, its schema and its size on disk."""

    index: Any
    schema: Any
    bytes: int

    def search(self, db: sqlite3.Connection, text: str) -> None:
        """Find the first page, its snippets, the count and the facets."""
        searcher = self.index.searcher()
        query = self._query(db, text)
        found = searcher.search(query, limit=20, count=True)
        snippets = tantivy.SnippetGenerator.create(searcher, query, self.schema, "text")
        for _, address in found.hits:
            snippets.snippet_from_doc(searcher.doc(address)).to_html()
        facets = {f: {"terms": {"field": f, "size": MOST_VALUES}} for f in FACETS}
        searcher.aggregate(query, facets)

    def _query(self, db: sqlite3.Connection, text: str) -> Any:
        """Return the query of the same forms, phrases and beginnings."""
        terms = []
        for term in read_question(text).terms:
            sought = look_up(db, term)
            ways = [
                (tantivy.Occur.Should, self._way(phrase.split(" "), sought.beginning))
                for phrase in sought.phrases
            ]
            terms.append((tantivy.Occur.Must, tantivy.Query.boolean_query(ways)))
        return tantivy.Query.boolean_query(terms)

    def _way(self, words: list[Any], star: bool) -> Any:
        if star:
            return tantivy.Query.regex_query(self.schema, "text", f"{words[-1]}.*")
        if len(words) == 1:
            return tantivy.Query.term_query(self.schema, "text", words[0])
        return tantivy.Query.phrase_query(self.schema, "text", words)


def index_of(db: sqlite3.Connection, folder: Path) -> Index:
    """Open the index of a published file's passages in `folder`, made if it is not there."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", stored=True, tokenizer_name="folded")
    for facet in FACETS:
        builder.add_text_field(facet, fast=True, tokenizer_name="raw", index_option="basic")
    schema = builder.build()
    made = folder.exists()
    folder.mkdir(exist_ok=True)
    index = tantivy.Index(schema, path=str(folder))
    folding = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    index.register_tokenizer(
        "folded",
        folding.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold()).build(),
    )
    if not made:
        writer = index.writer(heap_size=256_000_000, num_threads=1)
        for text, *values in db.execute(_ROWS):
            told = {f: v for f, v in zip(FACETS, values, strict=True) if v is not None}
            writer.add_document(tantivy.Document(text=text, **told))
        writer.commit()
        writer.wait_merging_threads()
    index.reload()
    return Index(index, schema, sum(f.stat().st_size for f in folder.iterdir()))
