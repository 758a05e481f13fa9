package textindex

import "strings"

// Term gives the ids that have the term in one segment. It reads the pages of
// a long list only as far as Next and SeekTo come to them.
func Term(src Source, term string) Iterator {
	return &termIterator{src: src, term: clip(term), goesOn: true}
}

// Prefix gives the ids that have any term with the prefix in one segment. The
// first use reads all pages with such terms, but of a list longer than a page
// only the first and the last.
func Prefix(src Source, prefix string) Iterator {
	return &union{open: func() ([]Iterator, error) { return prefixTerms(src, clip(prefix)) }}
}

type termIterator struct {
	src    Source
	term   string
	ids    list
	goesOn bool // there may be ids in pages after the one at hand
	done   bool
}

func (t *termIterator) Next() (int64, bool, error) { return t.SeekTo(t.ids.id + 1) }

func (t *termIterator) SeekTo(id int64) (int64, bool, error) {
	id = max(id, t.ids.id, 1)
	if id > t.ids.last && !t.done {
		if err := t.load(id); err != nil {
			return 0, false, err
		}
	}
	if t.done {
		return 0, false, nil
	}
	if !t.ids.seek(id) {
		t.done = true
		return 0, false, &CorruptError{Term: t.term, First: t.ids.first, Reason: "ids are out of order"}
	}
	return t.ids.id, true, nil
}

// load finds the term's run where its first id from id on is.
func (t *termIterator) load(id int64) error {
	for c := walk(t.src, t.term, id); t.goesOn; {
		ok, err := c.next()
		if err != nil || !ok || string(c.term) > t.term {
			t.done = true
			return err
		}
		if string(c.term) == t.term {
			t.ids, t.goesOn = c.ids, c.goesOn
			if id <= t.ids.last {
				return nil
			}
		}
	}
	t.done = true
	return nil
}

// prefixTerms gives an iterator for each term with the prefix.
func prefixTerms(src Source, prefix string) ([]Iterator, error) {
	var its []Iterator
	last := ""
	c := walk(src, prefix, 0)
	for {
		ok, err := c.next()
		if err != nil || !ok {
			return its, err
		}
		if string(c.term) < prefix || len(its) > 0 && string(c.term) <= last {
			continue
		}
		last = string(c.term)
		if !strings.HasPrefix(last, prefix) {
			return its, nil
		}
		its = append(its, &termIterator{src: src, term: last, ids: c.ids, goesOn: c.goesOn})
		if c.goesOn {
			c = walk(src, last, MaxID) // the page where the next term may begin
		}
	}
}
