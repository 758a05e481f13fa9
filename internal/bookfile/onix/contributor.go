package onix

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// rank is how much a contributor is an author.
type rank int

const (
	author    rank = iota + 1
	maker          // of pictures, or of a part: named after the authors
	editor         // named where there is neither
	assistant      // named where there is nobody else
	nobody
)

// rankOf tells by the role (code list 17).
func rankOf(role string) rank {
	switch role {
	case "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A09", "A10", "A11", "A14", "A26", "A31", "A38", "A42", "A45", "A99":
		return author
	case "A12", "A13", "A32", "A35", "A43", "A44":
		return maker
	case "B01", "B10", "B11", "B12", "B13", "B16", "B21", "B24", "B29", "B31", "C01", "C02", "C04", "C99":
		return editor
	}
	if role != "" && strings.Contains("ABCD", role[:1]) {
		return assistant
	}
	return nobody
}

// contributor is a person, or a body, that had part in a product.
type contributor struct {
	names    []string
	rank     rank
	sequence int
}

// authors gives the names of those who made the book, in the order of their
// sequence numbers: authors, then those who drew for it; else editors; else
// others.
func (r *Reader) authors(n *node) []string {
	var list []contributor
	best := nobody
	for _, c := range n.all("Contributor") {
		found := r.contributor(c)
		if len(found.names) > 0 && found.rank < nobody {
			list, best = append(list, found), min(best, found.rank)
		}
	}
	slices.SortStableFunc(list, func(a, b contributor) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.sequence, b.sequence))
	})
	var names []string
	for _, c := range list {
		if c.rank == best || (best == author && c.rank == maker) {
			names = append(names, c.names...)
		}
	}
	return names
}

func (r *Reader) contributor(n *node) contributor {
	c := contributor{rank: nobody, sequence: math.MaxInt}
	for _, role := range n.all("ContributorRole") {
		c.rank = min(c.rank, rankOf(strings.TrimSpace(role.text)))
	}
	if s, err := strconv.Atoi(n.value("SequenceNumber")); err == nil {
		c.sequence = s
	}
	name := r.name(n)
	if r.own {
		c.names = []string{name}
		return c
	}
	for part := range strings.SplitSeq(name, ";") {
		if part = strings.TrimSpace(part); part != "" {
			c.names = append(c.names, part)
		}
	}
	return c
}

// name takes the name as people write it.
func (r *Reader) name(n *node) string {
	if s := r.clean(n.child("PersonName")); s != "" {
		return s
	}
	if key := n.child("KeyNames").line(); key != "" {
		var parts []string
		for _, part := range [...]string{"NamesBeforeKey", "PrefixToKey", "KeyNames", "NamesAfterKey", "SuffixToKey"} {
			if s := n.child(part).line(); s != "" {
				parts = append(parts, s)
			}
		}
		return strings.Join(parts, " ")
	}
	if s := n.child("PersonNameInverted").line(); s != "" {
		return upright(s)
	}
	if s := n.child("CorporateName").line(); s != "" {
		return s
	}
	if s := n.child("CorporateNameInverted").line(); s != "" {
		return upright(s)
	}
	switch n.value("UnnamedPersons") { // code list 19
	case "02":
		return "Anonymous"
	case "04":
		return "Various authors"
	}
	return ""
}

// upright turns "King, Martin Luther, Jr." around.
func upright(s string) string {
	parts := strings.SplitN(s, ",", 3)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	switch {
	case len(parts) == 1 || parts[1] == "":
		return parts[0]
	case len(parts) == 2:
		return parts[1] + " " + parts[0]
	}
	return parts[1] + " " + parts[0] + ", " + parts[2]
}

// topics takes the headings of subjects, and keywords one by one (code list 27:
// scheme 20); at most [api.MaxTopics], each once. Codes alone say nothing to a
// reader, and keywords that are not for display (B2) are not shown.
func (r *Reader) topics(n *node) []string {
	var list []string
	seen := map[string]bool{}
	for _, s := range append(n.all("Subject"), n.all("MainSubject")...) {
		scheme := s.value("SubjectSchemeIdentifier")
		if scheme == "B2" {
			continue
		}
		for _, heading := range headings(s.child("SubjectHeadingText").line(), scheme == "20") {
			slug := api.Slug(heading)
			if slug == "" || seen[slug] || len(list) == api.MaxTopics {
				continue
			}
			seen[slug], list = true, append(list, heading)
		}
	}
	return list
}

// headings splits keywords, which some senders separate by commas.
func headings(text string, keywords bool) []string {
	switch {
	case !keywords:
		return []string{text}
	case strings.Contains(text, ";"):
		return strings.Split(text, ";")
	default:
		return strings.Split(text, ",")
	}
}

// description takes a description, else a short one: of code list 153 in
// release 3, of code list 33 in release 2.1.
func (r *Reader) description(n *node) string {
	texts := n.child("CollateralDetail").all("TextContent")
	for _, kind := range [...]string{"03", "02"} {
		for _, t := range texts {
			if s := r.prose(t.child("Text")); t.value("TextType") == kind && s != "" {
				return s
			}
		}
	}
	for _, kind := range [...]string{"01", "03", "02"} {
		for _, t := range n.all("OtherText") {
			if s := r.prose(t.child("Text")); t.value("TextTypeCode") == kind && s != "" {
				return s
			}
		}
	}
	return cmp.Or(r.prose(n.child("MainDescription")), r.prose(n.child("Annotation")))
}

func (r *Reader) prose(n *node) string {
	if r.own {
		return n.text
	}
	return n.lines()
}
