package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/internal/certs"
)

func (a *app) certsCommand() *cobra.Command {
	cmd := group("certs", "Make and renew the certificates of a store's servers",
		a.certsInitCommand(), a.certsRenewCommand(), a.certsShowCommand())
	cmd.Long = "Make and renew the certificates of a store's servers: a private CA, and one for each program, by which\n" +
		"it is reached over TLS and known to the others."
	return cmd
}

// certFlags are what init and renew have in common.
type certFlags struct{ hosts, deliver []string }

func (f *certFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.hosts, "host", nil, "`HOST` that the servers are reached at, a DNS name or an IP address; SERVER=HOST for one of them")
	cmd.Flags().StringArrayVar(&f.deliver, "deliver", nil, "also put what a server needs, and nothing else, into a directory of its own: `SERVER=DIR`")
}

// then reads the flags, does something with them, and delivers.
func (f *certFlags) then(d certs.Dir, do func(certs.Hosts) ([]certs.Certificate, error)) func() ([]certs.Certificate, error) {
	return func() ([]certs.Certificate, error) {
		hosts, err := certs.ParseHosts(f.hosts)
		if err != nil {
			return nil, err
		}
		deliveries, err := certs.ParseDeliveries(f.deliver)
		if err != nil {
			return nil, err
		}
		list, err := do(hosts)
		if err != nil {
			return nil, err
		}
		return list, d.Deliver(deliveries)
	}
}

func (a *app) certsInitCommand() *cobra.Command {
	var f certFlags
	cmd := &cobra.Command{
		Use: "init DIR", Short: "Make a CA and a certificate for each server", Args: needs(1, 1, "a directory"),
		Long: "Make a private CA and a certificate for each server in a directory: ca.pem, ca-key.pem, order.pem,\n" +
			"order-key.pem and so on. They are for localhost, the server's name in the compose file, and each --host.\n" +
			"Give each server its own two files and ca.pem, and nobody ca-key.pem.",
		Example: "  bazar certs init certs --host frontend=books.example.org",
		RunE: func(cmd *cobra.Command, args []string) error {
			d := dir(args[0])
			return a.certify(cmd.Context(), f.then(d, d.Init))
		},
	}
	f.bind(cmd)
	return cmd
}

func (a *app) certsRenewCommand() *cobra.Command {
	var f certFlags
	var all, begin bool
	cmd := &cobra.Command{
		Use: "renew DIR", Short: "Renew the certificates that end within 30 days", Args: needs(1, 1, "a directory"),
		Long: "Renew the certificates that end within 30 days, are missing, or are not for a --host yet. The CA stays, and\n" +
			"servers need no restart: they read their files again when they change. What is new is shown.",
		Example: "  bazar certs renew certs\n  bazar certs renew certs --host order=10.0.0.7",
		RunE: func(cmd *cobra.Command, args []string) error {
			d := dir(args[0])
			return a.certify(cmd.Context(), f.then(d, func(hosts certs.Hosts) ([]certs.Certificate, error) {
				if begin && !d.Exists() {
					return d.Init(hosts)
				}
				return d.Renew(hosts, all)
			}))
		},
	}
	f.bind(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "renew those too that are good for longer")
	cmd.Flags().BoolVar(&begin, "init", false, "where there is no CA yet, make it: for what runs at every start")
	return cmd
}

func (a *app) certsShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show DIR", Short: "Show whose certificates there are, and until when", Args: needs(1, 1, "a directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.certify(cmd.Context(), dir(args[0]).Show)
		},
	}
}

func dir(path string) certs.Dir { return certs.Dir{Path: path, Now: time.Now()} }

// certify does something with certificates, and prints those it gives.
func (a *app) certify(ctx context.Context, do func() ([]certs.Certificate, error)) error {
	out, err := newPrinter(a.streams, a.output, certificateView(), asList)
	if err != nil {
		return err
	}
	list, err := do()
	if err != nil {
		return err
	}
	for i := range list {
		if err := out.print(&list[i]); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		a.streams.Note("all of them are good for more than 30 days; --all renews them nevertheless")
	}
	return out.close(ctx)
}
