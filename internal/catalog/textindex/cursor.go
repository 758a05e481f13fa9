package textindex

// cursor walks the runs of a segment from page to page.
type cursor struct {
	pageReader
	pages func() (Page, bool, error)
}

// next moves to the next run; false when there is none. Each run is after the
// one before it, whatever the pages hold, so a walk always comes to an end.
func (c *cursor) next() (bool, error) {
	if len(c.rest) > 0 {
		return true, c.pageReader.next()
	}
	p, ok, err := c.pages()
	if err != nil || !ok {
		return false, err
	}
	last := c.ids.last
	if term := string(c.term); p.Term < term || p.Term == term && p.First <= last {
		return false, (&pageReader{page: p}).corrupt("pages are out of order")
	}
	return true, c.open(p)
}

// walk gives a cursor before the runs of the page that a search for the
// posting (term, id) begins with.
func walk(src Source, term string, id int64) *cursor {
	seek, first := true, id
	return &cursor{pages: func() (page Page, ok bool, err error) {
		if seek {
			page, ok, err = src.Seek(term, id)
		} else {
			page, ok, err = src.Next(term, first)
		}
		seek, term, first = false, page.Term, page.First
		return page, ok, err
	}}
}
