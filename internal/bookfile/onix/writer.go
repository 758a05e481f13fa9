package onix

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

const (
	// senderName is who sends what Bazar writes.
	senderName = "Bazar"
	// languageNote begins the note of a language that no code of ONIX says.
	languageNote = "language: "
)

// Writer writes books as a message of ONIX for Books 3.0 with reference names,
// a product a book, in the order that the schema demands. [Reader] reads back
// what was written: item numbers as proprietary identifiers, topics as keywords,
// state as availability, and for what ONIX has no place: years before 1 as dates
// that are texts (dateformat 12), languages that are no two letters of ISO
// 639-1 also as a text that the sender defines (TextType 01).
//
// Three things are not quite so. Characters that XML 1.0 (2.2) does not have, as
// most control characters, become U+FFFD; [Writer.Notes] says it. And two things
// are read back, but the schema does not like them: line breaks in texts of one
// line, and currencies that code list 96 lacks, such as CLF.
type Writer struct {
	w       *bufio.Writer
	depth   int
	written int
	closed  bool
	changed int  // books with characters that XML does not have
	dirty   bool // the book at hand
}

// NewWriter begins a message that is sent at a time.
func NewWriter(w io.Writer, sent time.Time) *Writer {
	e := &Writer{w: bufio.NewWriter(w)}
	e.raw(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	e.raw(`<ONIXMessage release="3.0" xmlns="http://ns.editeur.org/onix/3.0/reference">` + "\n")
	e.depth = 1
	e.within("Header", func() {
		e.within("Sender", func() { e.leaf("SenderName", senderName) })
		e.leaf("SentDateTime", sent.UTC().Format("20060102T150405Z"))
	})
	return e
}

// Write writes a book. Errors are those of the file, and may come late: at
// [Writer.Close].
func (e *Writer) Write(b *api.Book) error {
	e.dirty = false
	e.within("Product", func() {
		e.record(b)
		e.descriptive(b)
		e.collateral(b)
		e.publishing(b)
		e.supply(b)
	})
	e.written++
	if e.dirty {
		e.changed++
	}
	_, err := e.w.Write(nil) // gives the error of an earlier write
	return err
}

// Notes gives what a person should know of the books written, a sentence each.
func (e *Writer) Notes() []string {
	if e.changed == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s characters that XML does not have; U+FFFD stands for them", books(e.changed))}
}

// Close ends the message. Closing again does nothing.
func (e *Writer) Close() error {
	if !e.closed {
		e.closed = true
		if e.written == 0 {
			e.raw(" <NoProduct/>\n")
		}
		e.raw("</ONIXMessage>\n")
	}
	return e.w.Flush()
}

func (e *Writer) record(b *api.Book) {
	id := strconv.FormatInt(b.ID, 10)
	e.leaf("RecordReference", "bazar."+id)
	e.leaf("NotificationType", "03")
	e.within("ProductIdentifier", func() {
		e.leaf("ProductIDType", "01")
		e.leaf("IDTypeName", idType)
		e.leaf("IDValue", id)
	})
	if b.ISBN13 != nil {
		e.within("ProductIdentifier", func() {
			e.leaf("ProductIDType", "15")
			e.leaf("IDValue", *b.ISBN13)
		})
	}
}

func (e *Writer) descriptive(b *api.Book) {
	e.within("DescriptiveDetail", func() {
		e.leaf("ProductComposition", "00")
		e.leaf("ProductForm", "00")
		e.within("TitleDetail", func() {
			e.leaf("TitleType", "01")
			e.within("TitleElement", func() {
				e.leaf("TitleElementLevel", "01")
				e.leaf("TitleText", b.Title)
			})
		})
		for i, name := range b.Authors {
			e.within("Contributor", func() {
				e.leaf("SequenceNumber", strconv.Itoa(i+1))
				e.leaf("ContributorRole", "A01")
				e.leaf("PersonName", name)
			})
		}
		e.language(b.Language)
		if len(b.Topics) > 0 {
			e.within("Subject", func() {
				e.leaf("SubjectSchemeIdentifier", "20")
				e.leaf("SubjectHeadingText", strings.Join(b.Topics, "; "))
			})
		}
	})
}

// language writes the code that comes nearest.
func (e *Writer) language(language *string) {
	if language == nil {
		return
	}
	base, _, _ := strings.Cut(*language, "-")
	code, ok := threeLetters(twoLetters(base))
	if !ok {
		code = "und"
	}
	e.within("Language", func() {
		e.leaf("LanguageRole", "01")
		e.leaf("LanguageCode", code)
	})
}

func (e *Writer) collateral(b *api.Book) {
	exact := true
	if b.Language != nil {
		_, exact = threeLetters(*b.Language)
	}
	if exact && b.Description == nil {
		return
	}
	e.within("CollateralDetail", func() {
		if !exact {
			e.text("01", languageNote+*b.Language)
		}
		if b.Description != nil {
			e.text("03", *b.Description)
		}
	})
}

func (e *Writer) text(kind, text string) {
	e.within("TextContent", func() {
		e.leaf("TextType", kind)
		e.leaf("ContentAudience", "00")
		e.leaf("Text", text)
	})
}

// publishing writes publisher and year. The schema wants a publisher or an
// imprint with a date; where neither is known an imprint stands without a name.
func (e *Writer) publishing(b *api.Book) {
	if b.Publisher == nil && b.Year == nil {
		return
	}
	e.within("PublishingDetail", func() {
		if b.Publisher != nil {
			e.within("Publisher", func() {
				e.leaf("PublishingRole", "01")
				e.leaf("PublisherName", *b.Publisher)
			})
		} else {
			e.within("Imprint", func() {
				e.within("ImprintIdentifier", func() {
					e.leaf("ImprintIDType", "01")
					e.leaf("IDTypeName", "Bazar imprint")
					e.leaf("IDValue", "unknown")
				})
			})
		}
		if b.Year != nil {
			e.year(*b.Year)
		}
	})
}

func (e *Writer) year(year int) {
	format, text := "12", strconv.Itoa(year)
	if year > 0 && year <= 9999 {
		format, text = "05", fmt.Sprintf("%04d", year)
	}
	e.within("PublishingDate", func() {
		e.leaf("PublishingDateRole", "01")
		e.indent()
		e.raw(`<Date dateformat="` + format + `">` + text + "</Date>\n")
	})
}

// supply writes stock, price and whether the book can be bought (code list 65).
func (e *Writer) supply(b *api.Book) {
	availability := "20"
	switch {
	case b.State == api.Retired:
		availability = "46"
	case b.Stock == 0:
		availability = "31"
	}
	e.within("ProductSupply", func() {
		e.within("SupplyDetail", func() {
			e.within("Supplier", func() {
				e.leaf("SupplierRole", "08")
				e.leaf("SupplierName", senderName)
			})
			e.leaf("ProductAvailability", availability)
			e.within("Stock", func() { e.leaf("OnHand", strconv.FormatInt(b.Stock, 10)) })
			e.within("Price", func() {
				e.leaf("PriceType", "02")
				if b.Price.Amount == 0 {
					e.leaf("UnpricedItemType", "01")
				} else {
					e.leaf("PriceAmount", b.Price.Decimal())
				}
				e.leaf("CurrencyCode", b.Price.Currency)
			})
		})
	})
}

// within writes an element that holds others.
func (e *Writer) within(name string, content func()) {
	e.indent()
	e.raw("<" + name + ">\n")
	e.depth++
	content()
	e.depth--
	e.indent()
	e.raw("</" + name + ">\n")
}

// leaf writes an element that holds text.
func (e *Writer) leaf(name, text string) {
	e.indent()
	e.raw("<" + name + ">")
	e.dirty = escape(e.w, text) || e.dirty
	e.raw("</" + name + ">\n")
}

func (e *Writer) indent() {
	for range e.depth {
		e.raw(" ")
	}
}

// raw writes what is XML already. An error stays with the buffer, and the next
// flush returns it.
func (e *Writer) raw(s string) { _, _ = e.w.WriteString(s) }
