package catalog

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/bazar-store/bazar/pkg/api"
)

// apply checks an edit and writes it into b; stock is not part of it. Its
// errors are [api.CodeInvalid].
func apply(b *bookRow, e *api.BookEdit) error {
	for _, step := range [...]func(*bookRow, *api.BookEdit) error{applyTitle, applyISBN, applyLists, applyTexts, applyTerms} {
		if err := step(b, e); err != nil {
			return err
		}
	}
	return nil
}

func applyTitle(b *bookRow, e *api.BookEdit) error {
	if !e.Title.Set {
		return nil
	}
	if e.Title.Value == nil || strings.TrimSpace(*e.Title.Value) == "" {
		return api.Errorf(api.CodeInvalid, "a book needs a title")
	}
	title := plain(*e.Title.Value)
	b.Title, b.TitleKey = title, api.Fold(title)
	return api.CheckText("title", title, api.MaxTitle)
}

func applyISBN(b *bookRow, e *api.BookEdit) error {
	if !e.ISBN13.Set {
		return nil
	}
	b.ISBN13 = nil
	if e.ISBN13.Value == nil {
		return nil
	}
	isbn, err := api.ParseISBN(*e.ISBN13.Value)
	b.ISBN13 = &isbn
	return err
}

func applyLists(b *bookRow, e *api.BookEdit) error {
	if e.Authors.Set {
		if err := applyAuthors(b, e.Authors.Value); err != nil {
			return err
		}
	}
	if e.Topics.Set {
		return applyTopics(b, e.Topics.Value)
	}
	return nil
}

func applyAuthors(b *bookRow, authors *[]string) error {
	b.Authors = nil
	if authors == nil {
		return nil
	}
	if len(*authors) > api.MaxAuthors {
		return api.Errorf(api.CodeInvalid, "a book has at most %d authors", api.MaxAuthors)
	}
	for _, a := range *authors {
		a = plain(a)
		if err := api.CheckAuthor(a); err != nil {
			return err
		}
		if !slices.Contains(b.Authors, a) {
			b.Authors = append(b.Authors, a)
		}
	}
	return nil
}

// plain is a text in the one form in which it is kept: composed (NFC), without
// space around it.
func plain(s string) string { return norm.NFC.String(strings.TrimSpace(s)) }

func applyTopics(b *bookRow, topics *[]string) error {
	b.Topics = nil
	if topics == nil {
		return nil
	}
	if len(*topics) > api.MaxTopics {
		return api.Errorf(api.CodeInvalid, "a book has at most %d topics", api.MaxTopics)
	}
	for _, t := range *topics {
		if err := api.CheckText("a topic", t, api.MaxQuery); err != nil {
			return err
		}
		slug := api.Slug(t)
		if slug == "" {
			return api.Errorf(api.CodeInvalid, "topic %q has no letter or digit", t)
		}
		if !slices.Contains(b.Topics, slug) {
			b.Topics = append(b.Topics, slug)
		}
	}
	return nil
}

func applyTexts(b *bookRow, e *api.BookEdit) error {
	for _, f := range [...]struct {
		name  string
		field api.Optional[string]
		limit int
		form  func(string) string
		into  **string
	}{
		{"publisher", e.Publisher, api.MaxPublisher, plain, &b.Publisher},
		{"language", e.Language, api.MaxLanguage, plain, &b.Language},
		{"description", e.Description, api.MaxDescription, norm.NFC.String, &b.Description},
	} {
		if !f.field.Set {
			continue
		}
		*f.into = nil
		if f.field.Value == nil || *f.field.Value == "" {
			continue
		}
		text := f.form(*f.field.Value)
		if err := api.CheckText(f.name, text, f.limit); err != nil {
			return err
		}
		if text != "" {
			*f.into = &text
		}
	}
	return nil
}

func applyTerms(b *bookRow, e *api.BookEdit) error {
	if e.Year.Set {
		if y := e.Year.Value; y != nil && (*y < -5000 || *y > 9999) {
			return api.Errorf(api.CodeInvalid, "year %d is not between -5000 and 9999", *y)
		}
		b.Year = e.Year.Value
	}
	if e.Price.Set {
		if e.Price.Value == nil || !e.Price.Value.Valid() {
			return api.Errorf(api.CodeInvalid, "a price is an amount from 0 to %d in minor units, with an ISO 4217 currency", api.MaxAmount)
		}
		b.PriceAmount, b.PriceCurrency = e.Price.Value.Amount, e.Price.Value.Currency
	}
	if e.State.Set {
		if e.State.Value == nil || (*e.State.Value != api.OnSale && *e.State.Value != api.Retired) {
			return api.Errorf(api.CodeInvalid, "a book's state is %s or %s", api.OnSale, api.Retired)
		}
		b.State = *e.State.Value
	}
	return nil
}

func checkStock(n int64) error {
	if n < 0 || n > api.MaxStock {
		return api.Errorf(api.CodeInvalid, "stock is 0 to %d copies, not %d", int64(api.MaxStock), n)
	}
	return nil
}

// complete says whether a new book has what it can't be sold without.
func complete(b *bookRow) error {
	switch {
	case b.Title == "":
		return api.Errorf(api.CodeInvalid, "a book needs a title")
	case b.PriceCurrency == "":
		return api.Errorf(api.CodeInvalid, "a new book needs a price")
	}
	return nil
}

// sameBook says whether an edit has changed nothing.
func sameBook(a, b *bookRow) bool {
	return a.Title == b.Title && equal(a.ISBN13, b.ISBN13) && slices.Equal(a.Authors, b.Authors) &&
		slices.Equal(a.Topics, b.Topics) && equal(a.Publisher, b.Publisher) && equal(a.Year, b.Year) &&
		equal(a.Language, b.Language) && equal(a.Description, b.Description) && a.price() == b.price() &&
		a.State == b.State && equal(a.Source, b.Source) && equal(a.SourceKey, b.SourceKey)
}

func equal[T comparable](a, b *T) bool {
	return a == b || (a != nil && b != nil && *a == *b)
}
