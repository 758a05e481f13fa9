package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/internal/audit"
	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

func (a *app) auditCommand() *cobra.Command {
	var repair bool
	cmd := &cobra.Command{
		Use: "audit", Short: "Prove that ledger, stock and orders agree",
		Long: `Prove that ledger, stock and orders agree: each book's stock is the sum of its
movements, each sale has its reservation, each reservation its order, each order
the lines, prices and total that were taken, and nothing is pending for long.

Prints what disagrees and ends with 1, or prints the sums and ends with 0. It may
run while others buy. --repair settles orders of your own that are pending for long,
by asking for them again; those of other accounts the order service settles by
itself, while it runs and reaches the catalog. It changes nothing else, and never
makes up stock.`,
		Example: "  bazar audit\n  bazar audit --repair\n  bazar audit --json --jq '.[].detail'",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.audit(cmd.Context(), repair) },
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "settle your orders that are pending for long")
	return cmd
}

// audit prints what disagrees as it is found, or the sums if nothing does.
func (a *app) audit(ctx context.Context, repair bool) error {
	faults, err := newPrinter(a.streams, a.output, faultView(), asList)
	if err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	progress := a.streams.Err.NewProgress("entries", 0, time.Now)
	sums, err := audit.Run(ctx, c, audit.Options{
		Repair: repair, Now: time.Now, Progress: progress.Update,
		Fault: func(f audit.Fault) error {
			progress.Clear()
			return faults.print(&finding{Fault: f})
		},
	})
	progress.Clear()
	if sums.Faults > 0 {
		err = cmp.Or(err, faults.close(ctx)) // what was found is told, whatever came then
	}
	if err != nil {
		return err
	}
	a.noteRepairs(&sums)
	if sums.Faults > 0 {
		return disagreement(&sums, repair)
	}
	return a.printSums(ctx, &sums)
}

func (a *app) noteRepairs(sums *audit.Sums) {
	if n := sums.Repaired; n > 0 {
		a.streams.Note(fmt.Sprintf("%s %s settled", ui.Count(n), plural(int(n), "order was", "orders were")))
	}
	if open := sums.Orders[api.OrderPending] + sums.Orders[api.OrderCancelling]; open > 0 {
		a.streams.Note(fmt.Sprintf("%s %s on the way to be settled", ui.Count(open), plural(int(open), "order is", "orders are")))
	}
}

// disagreement is how an audit ends that found something.
func disagreement(sums *audit.Sums, repair bool) error {
	what := plural(int(sums.Faults), "thing does", "things do")
	end := &ending{exit: exitFailed, err: api.Errorf(api.CodeConflict, "%s %s not agree", ui.Count(sums.Faults), what)}
	switch {
	case sums.Overdue == 0:
	case repair:
		end.hint = "what is pending still, the order service settles by itself, while it runs and reaches the catalog; see `bazar status`"
	default:
		end.hint = "`bazar audit --repair` settles orders of yours that are pending"
	}
	return end
}

func (a *app) printSums(ctx context.Context, sums *audit.Sums) error {
	out, err := newPrinter(a.streams, a.output, sumView(), asList)
	if err != nil {
		return err
	}
	for _, s := range listSums(sums) {
		if err := out.print(&s); err != nil {
			return err
		}
	}
	return out.close(ctx)
}

// listSums gives the sums one by one, those of a kind in the order of names.
func listSums(sums *audit.Sums) []finding {
	all := []finding{
		sum("books", "", sums.Books), sum("copies", "", sums.Copies), sum("movements", "", sums.Movements),
	}
	for _, state := range slices.Sorted(maps.Keys(sums.Reservations)) {
		all = append(all, sum("reservations", string(state), sums.Reservations[state]))
	}
	for _, state := range slices.Sorted(maps.Keys(sums.Orders)) {
		all = append(all, sum("orders", string(state), sums.Orders[state]))
	}
	for _, currency := range slices.Sorted(maps.Keys(sums.Money)) {
		money := sum("money", string(api.OrderConfirmed), sums.Money[currency])
		money.Currency = &currency
		all = append(all, money)
	}
	return all
}

func sum(what, state string, n int64) finding {
	f := finding{Fault: audit.Fault{Check: audit.Check(what), Found: &n}}
	if state != "" {
		f.State = &state
	}
	return f
}
