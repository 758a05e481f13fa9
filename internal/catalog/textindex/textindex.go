// Package textindex is an inverted index: for a term it gives ids in ascending
// order. It knows no storage; it turns postings into pages of bytes and pages
// into iterators.
//
// Postings are collected by a [Builder] into an immutable segment, a run of
// pages in order of their keys (Term, First), terms compared byte by byte. The
// caller stores the pages, and hands them back through a [Source] to search or
// a [PageIterator] to [Merge] several segments into one. As in a
// log-structured tree, an index is a few segments of every [Choose] level.
//
// The index is a filter: it may give ids that no longer have the term, since
// nothing is ever removed, and one id may stand in several segments. The
// caller verifies each id against what it stands for.
package textindex

import "fmt"

const (
	// MaxTerm is the longest term told apart, in bytes. Longer ones are cut
	// when added and when looked up, and so find a superset.
	MaxTerm = 255
	// MaxID is the greatest id; the least is 1.
	MaxID = 999_999_999
	// PageSize bounds a page's Data, in bytes: with its key and a row's
	// overhead it fits into one 4 KiB page of a database.
	PageSize = 4000
)

// Page is a part of a segment.
type Page struct {
	Term  string // the first term in the page
	First int64  // that term's first id in the page
	Data  []byte // the encoded postings, never changed once made
}

// Source gives the pages of one segment by key, in the order of (Term, First).
type Source interface {
	// Seek gives the last page whose key is at most (term, id), or the first
	// page when none is; ok is false when the segment is empty.
	Seek(term string, id int64) (page Page, ok bool, err error)
	// Next gives the page after the one with the key (term, first); ok is
	// false when that was the last.
	Next(term string, first int64) (page Page, ok bool, err error)
}

// PageIterator gives all pages of one segment in order; ok is false after the
// last.
type PageIterator interface {
	Next() (page Page, ok bool, err error)
}

// Iterator gives distinct ids in ascending order. It is exhausted once ok is
// false or after an error, and is for one goroutine at a time.
type Iterator interface {
	// Next gives the id after the current one.
	Next() (id int64, ok bool, err error)
	// SeekTo gives the first id that is at least id, at or after the current
	// one, and makes it the current one.
	SeekTo(id int64) (got int64, ok bool, err error)
}

// CorruptError says that a page is not as a Builder or Merge wrote it.
type CorruptError struct {
	Term   string // with First the key of the page, or of the list in it
	First  int64
	Reason string
}

// Error names the page and what is wrong with it.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("textindex: corrupt page at (%q, %d): %s", e.Term, e.First, e.Reason)
}

func clip(term string) string { return term[:min(len(term), MaxTerm)] }
