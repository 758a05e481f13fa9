package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// searchFlags are what a search asks for besides its words.
type searchFlags struct {
	topic, author, maxPrice, sort  string
	words, inStock, all, failEmpty bool
	limit                          int
}

func (a *app) searchCommand() *cobra.Command {
	var f searchFlags
	cmd := &cobra.Command{
		Use:   "search [WORDS...]",
		Short: "Find books by topic, or by words in title, author, topic, publisher or ISBN",
		Example: "  bazar search distributed-systems\n  bazar search lynch algorithms --in-stock\n" +
			"  bazar search --topic go --max-price 45 --sort price",
		RunE: func(cmd *cobra.Command, args []string) error { return a.search(cmd.Context(), &f, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.topic, "topic", "", "only this `TOPIC`")
	flags.BoolVar(&f.words, "words", false, "look for the words even if they name a topic")
	flags.StringVar(&f.author, "author", "", "only by this `AUTHOR`")
	flags.BoolVar(&f.inStock, "in-stock", false, "only what can be bought now")
	flags.StringVar(&f.maxPrice, "max-price", "", "only up to this `AMOUNT`, such as 45 or 39.99EUR")
	flags.StringVar(&f.sort, "sort", api.SortRelevance, "`ORDER`: relevance, title, price or year")
	flags.IntVar(&f.limit, "limit", api.DefaultLimit, "show at most `N`")
	flags.BoolVar(&f.all, "all", false, "show all there are")
	flags.BoolVar(&f.failEmpty, "fail-empty", false, "exit 3 if nothing is found")
	return cmd
}

func (a *app) search(ctx context.Context, f *searchFlags, args []string) error {
	out, err := newPrinter(a.streams, a.output, bookView(), asList)
	if err != nil {
		return err
	}
	q, err := a.bookQuery(ctx, f, args)
	if err != nil {
		return err
	}
	shown, more, err := a.searchPages(ctx, f, q, out)
	if err != nil {
		return err
	}
	if err := out.close(ctx); err != nil {
		return err
	}
	switch {
	case shown == 0:
		a.noteNothing(ctx, strings.Join(args, " "))
		if f.failEmpty {
			return &ending{exit: exitNotFound}
		}
	case more:
		a.streams.Note(fmt.Sprintf("there are more than %s; --all shows all of them, --limit N shows N", ui.Count(int64(shown))))
	}
	return nil
}

func (a *app) bookQuery(ctx context.Context, f *searchFlags, args []string) (q api.BookQuery, err error) {
	if f.limit < 1 {
		return q, api.Errorf(api.CodeInvalid, "--limit is at least 1, not %d", f.limit)
	}
	q = api.BookQuery{Topic: f.topic, Author: f.author, InStock: f.inStock, Sort: f.sort}
	if text := strings.Join(args, " "); f.words {
		q.Words = text
	} else {
		q.Q = text
	}
	limit, err := a.money(ctx, f.maxPrice)
	if limit != nil {
		q.MaxPrice, q.Currency = &limit.Amount, limit.Currency
	}
	return q, err
}

// searchPages prints pages until there are enough books, or no more.
func (a *app) searchPages(ctx context.Context, f *searchFlags, q api.BookQuery, out printer[api.Book]) (shown int, more bool, err error) {
	c, err := a.client()
	if err != nil {
		return 0, false, err
	}
	for {
		if q.Limit = api.MaxLimit; !f.all {
			q.Limit = min(api.MaxLimit, f.limit-shown)
		}
		page, err := c.Books(ctx, q)
		if err != nil {
			return shown, false, err
		}
		for i := range page.Books {
			if err := out.print(&page.Books[i]); err != nil {
				return shown, false, err
			}
		}
		shown += len(page.Books)
		if page.NextCursor == nil || (!f.all && shown >= f.limit) {
			return shown, page.NextCursor != nil, nil
		}
		q.Cursor = *page.NextCursor
	}
}

// noteNothing says that nothing was found, and what may have been meant.
func (a *app) noteNothing(ctx context.Context, text string) {
	if text == "" {
		a.streams.Note("nothing found")
		return
	}
	note := fmt.Sprintf("nothing found for %q", text)
	if near := a.nearestTopic(ctx, text); near != "" {
		note += fmt.Sprintf("; did you mean %s?", near)
	}
	a.streams.Note(note)
}

// nearestTopic is the topic that differs least from the text, if little enough
// to be a slip. It is a courtesy: if topics can't be had there is none.
func (a *app) nearestTopic(ctx context.Context, text string) string {
	c, err := a.client()
	if err != nil {
		return ""
	}
	slug := api.Slug(text)
	page, err := c.Topics(ctx, api.MaxLimit, "")
	if err != nil || slug == "" {
		return ""
	}
	nearest, least := "", max(1, len(slug)/3)+1
	for _, t := range page.Topics {
		if d := distance(slug, t.Slug); d < least {
			nearest, least = t.Slug, d
		}
	}
	return nearest
}

// distance is how many letters must be added, removed or replaced to make b
// from a (Levenshtein).
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range to {
			cost := diagonal
			if x != y {
				cost = min(diagonal, row[j], row[j+1]) + 1
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(to)]
}
