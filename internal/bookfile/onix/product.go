package onix

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// idType names the item number among a product's proprietary identifiers.
const idType = "Bazar item number"

// understand takes from a product what it says.
func (r *Reader) understand(n *node, p *Product) error {
	for _, once := range [...]string{"RecordReference", "NotificationType", "DescriptiveDetail"} {
		if len(n.all(once)) > 1 {
			return api.Errorf(api.CodeInvalid, "it has more than one %s: two products may have run into one", once)
		}
	}
	if err := r.identify(n, p); err != nil {
		return err
	}
	switch kind := n.value("NotificationType"); kind {
	case "05":
		p.Partial, p.State = true, string(api.Retired)
		return named(p)
	case "88", "89":
		return api.Errorf(api.CodeInvalid, "it is a record for tests (NotificationType %s), which no store takes", kind)
	case "04", "08", "09":
		p.Partial = true
		if err := named(p); err != nil {
			return err
		}
	}
	r.describe(n.block("DescriptiveDetail"), p)
	p.Description = r.description(n)
	if s := r.note(n, languageNote); s != "" {
		p.Language = s
	}
	p.Publisher = r.publisher(n.block("PublishingDetail"))
	r.sell(n, p)
	var err error
	p.Year, err = year(n.block("PublishingDetail"), r.own)
	return err
}

// named says whether there is something that tells which book is meant.
func named(p *Product) error {
	if p.ID == "" && p.Key == "" && p.ISBN == "" {
		return api.Errorf(api.CodeInvalid, "it has no RecordReference and no ISBN, so there is no telling which book it is")
	}
	return nil
}

// note gives what Bazar has noted for itself, in a text that senders may define
// as they like (code list 153: 01).
func (r *Reader) note(n *node, about string) string {
	if !r.own {
		return ""
	}
	for _, t := range n.child("CollateralDetail").all("TextContent") {
		if s, ok := strings.CutPrefix(t.child("Text").text, about); ok && t.value("TextType") == "01" {
			return s
		}
	}
	return ""
}

// clean makes a text one line without markup; Bazar's own stand as they are.
func (r *Reader) clean(n *node) string {
	if r.own {
		return n.text
	}
	return n.line()
}

// identify takes what a product is told by.
func (r *Reader) identify(n *node, p *Product) (err error) {
	p.Key = n.value("RecordReference")
	if r.own {
		for _, id := range n.all("ProductIdentifier") {
			if id.value("ProductIDType") == "01" && id.value("IDTypeName") == idType {
				p.ID, p.Key = id.value("IDValue"), ""
			}
		}
	}
	p.ISBN, err = isbn(n)
	return err
}

// isbn takes the best identifier that is an ISBN (code list 5): 15 and, where
// they are one, 03 (GTIN-13) and 02 (ISBN-10). Only when none is right is one
// that is wrong an error.
func isbn(n *node) (string, error) {
	var wrong error
	for _, of := range [...]string{"15", "03", "02"} {
		for _, s := range identifiers(n, of) {
			found, err := api.ParseISBN(s)
			if err == nil {
				return found, nil
			}
			if wrong == nil && (of != "03" || strings.HasPrefix(s, "978")) {
				wrong = err
			}
		}
	}
	return "", wrong
}

// identifiers gives the identifiers of a type; in release 2.1 some have elements
// of their own.
func identifiers(n *node, of string) []string {
	var list []string
	for _, id := range n.all("ProductIdentifier") {
		if id.value("ProductIDType") == of {
			list = append(list, id.value("IDValue"))
		}
	}
	for name, kind := range map[string]string{"EAN13": "03", "ISBN": "02"} {
		if s := n.value(name); s != "" && kind == of {
			list = append(list, s)
		}
	}
	return list
}

// describe takes title, authors, language and topics.
func (r *Reader) describe(n *node, p *Product) {
	p.Title = r.title(n)
	p.Authors = r.authors(n)
	p.Topics = r.topics(n)
	p.Language = r.languageOf(n)
	if p.Language == "" && !p.Partial {
		p.Language = twoLetters(r.language)
	}
}

// title takes the distinctive title (code list 15), else the first.
func (r *Reader) title(n *node) string {
	details := append(n.all("TitleDetail"), n.all("Title")...)
	for _, distinctive := range [...]bool{true, false} {
		for _, detail := range details {
			if kind := detail.value("TitleType"); distinctive && kind != "01" {
				continue
			}
			if s := r.detail(detail); s != "" {
				return s
			}
		}
	}
	return r.titleOf(n) // of release 2.1, where no composite holds it
}

// detail takes the title of the product itself (code list 149: level 01), not
// of the collection it is in, unless it is but a part of that.
func (r *Reader) detail(n *node) string {
	elements := n.all("TitleElement")
	if len(elements) == 0 {
		return r.titleOf(n)
	}
	var collection, part string
	for _, e := range elements {
		if level := e.value("TitleElementLevel"); level != "01" && level != "" {
			collection = cmp.Or(collection, r.titleOf(e))
			continue
		}
		if s := r.titleOf(e); s != "" {
			return s
		}
		part = cmp.Or(part, e.value("PartNumber"))
	}
	if s := r.clean(n.child("TitleStatement")); s != "" {
		return s
	}
	if collection != "" && part != "" {
		return collection + ", " + part
	}
	return ""
}

// titleOf puts together the title that an element's parts make.
func (r *Reader) titleOf(n *node) string {
	title := cmp.Or(r.clean(n.child("TitleText")), r.clean(n.child("DistinctiveTitle")))
	if bare := r.clean(n.child("TitleWithoutPrefix")); bare != "" {
		title = joined(n.child("TitlePrefix").line(), bare)
	}
	if sub := r.clean(n.child("Subtitle")); sub != "" && title != "" && !strings.HasSuffix(title, ": "+sub) {
		title = strings.TrimSuffix(title, ":") + ": " + sub
	}
	return title
}

// joined puts an article before a title: "The", but "L'".
func joined(prefix, title string) string {
	if prefix == "" || strings.HasSuffix(prefix, "'") || strings.HasSuffix(prefix, "’") {
		return prefix + title
	}
	return prefix + " " + title
}

// languageOf takes the language of the text (code list 22: role 01).
func (r *Reader) languageOf(n *node) string {
	for _, l := range n.all("Language") {
		if role := l.value("LanguageRole"); role == "01" || role == "" {
			return twoLetters(l.value("LanguageCode"))
		}
	}
	return twoLetters(n.value("LanguageOfText"))
}

// publisher takes the publisher (code list 45: role 01), else the imprint.
func (r *Reader) publisher(n *node) string {
	for _, p := range n.all("Publisher") {
		if role := p.value("PublishingRole"); role != "01" && role != "" {
			continue
		}
		if s := r.clean(p.child("PublisherName")); s != "" {
			return s
		}
	}
	if s := r.clean(n.child("PublisherName")); s != "" {
		return s
	}
	for _, i := range n.all("Imprint") {
		if s := r.clean(i.child("ImprintName")); s != "" {
			return s
		}
	}
	return r.clean(n.child("ImprintName"))
}

// year takes the year of publication (code list 163: role 01), else that of the
// first publication, of the printed book, of a date that gives no role, or of
// the copyright.
func year(n *node, own bool) (string, error) {
	for _, role := range [...]string{"01", "11", "19", ""} {
		for _, d := range n.all("PublishingDate") {
			if d.value("PublishingDateRole") != role {
				continue
			}
			date := d.child("Date")
			y, err := yearOf(date.text, cmp.Or(date.format, d.value("DateFormat")), own)
			if y != "" || err != nil {
				return y, err
			}
		}
	}
	for _, name := range [...]string{"PublicationDate", "YearFirstPublished", "CopyrightYear"} {
		if y, err := yearOf(n.value(name), "", own); y != "" || err != nil {
			return y, err
		}
	}
	y, err := yearOf(n.child("CopyrightStatement").value("CopyrightYear"), "", own)
	if err != nil {
		y = "" // often a text, and the last resort
	}
	return y, nil
}

// yearOf takes the year of a date in a format of code list 55; those of the
// Hijri calendar say nothing, as does the year 0, which is put for no date.
func yearOf(date, format string, own bool) (string, error) {
	date = strings.TrimSpace(date)
	switch {
	case date == "" || strings.HasPrefix(format, "2") || format == "32":
		return "", nil
	case format == "12":
		if _, err := strconv.Atoi(date); err == nil {
			return date, nil
		}
		return regexp.MustCompile(`\b\d{4}\b`).FindString(date), nil
	case strings.Trim(date, "0") == "" && !own:
		return "", nil
	case len(date) < 4 || strings.Trim(date[:4], "0123456789") != "":
		return "", api.Errorf(api.CodeInvalid, "the date %q does not begin with a year such as 1999", date)
	}
	return date[:4], nil
}
