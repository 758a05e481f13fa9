package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/pkg/api"
)

// helpCommand is `bazar help`; unlike Cobra's own it fails where there is no
// help.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Show how a command is used",
		RunE: func(cmd *cobra.Command, args []string) error {
			asked, rest, err := cmd.Root().Find(args)
			if err != nil || (len(rest) > 0 && asked.HasSubCommands()) {
				return api.Errorf(api.CodeInvalid, "there is no help on %q", strings.Join(args, " "))
			}
			return asked.Help()
		},
	}
}

// helpTopics are the pages of `bazar help` that belong to no command.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "exit-codes", Short: "What the exit codes mean", Long: `Exit codes:

  0    done (an empty search too, unless --fail-empty)
  1    anything else; audit found what does not agree
  2    wrong usage or invalid input
  3    not found
  4    not logged in, or not allowed
  5    the shop said no: out of stock, dearer than --max-price, retired, conflict
  6    unreachable, busy, full or too much at once, and nothing was recorded; safe to repeat
  7    recorded but not settled, or its fate unknown; ` + "`bazar orders resume`" + ` settles it
  8    partly done: --each, rejected rows of an import
  130  interrupted; where an order is named, ` + "`bazar orders resume`" + ` settles it`},
		{Use: "environment", Short: "Which environment variables count", Long: `Environment (a flag beats it; it beats the configuration file):

  BAZAR_URL            the front end of a store elsewhere, such as http://127.0.0.1:8080
  BAZAR_CATALOG_URL    the catalog service alone; may list replicas, comma-separated
  BAZAR_ORDER_URL      the order service alone
  BAZAR_CA_FILE        a private CA (PEM), trusted beside the system's
  BAZAR_ACCOUNT_URL    the account service alone, where the store has accounts
  BAZAR_TOKEN          a token; beats the one that ` + "`bazar login`" + ` keeps, and BAZAR_TOKEN_FILE
  BAZAR_TOKEN_FILE     a file with a token, which only you may read
  BAZAR_DATA_DIR       the store that is opened when no URL is set
  BAZAR_CURRENCY       the currency of amounts without one, such as EUR
  BAZAR_TIMEOUT        how long to wait for the store; 10s
  BAZAR_OUTPUT         table, json, ndjson, csv or tsv
  BAZAR_LOG_LEVEL      debug, info, warn or error: say what happens inside
  NO_COLOR             any value turns colours off
  XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME
                       where config.toml, the store and the journal are

Servers also read BAZAR_ADDR, BAZAR_ADMIN_ADDR and BAZAR_DB, and for TLS BAZAR_TLS_CERT, BAZAR_TLS_KEY,
BAZAR_TLS_CLIENT_CA, BAZAR_TLS_SERVICES_ONLY, BAZAR_TLS_MIN and BAZAR_SERVICE_KEY_FILE.`},
		{Use: "formatting", Short: "How output can be shaped", Long: formattingHelp()},
	}
}

func formattingHelp() string {
	return `On a terminal commands print tables and cards; in a pipe TSV without a header.

  -q                   ids alone, one a line
  --json               one object, or an array for lists
  -o FORM              table, json, ndjson, csv or tsv
  --header             name the columns of TSV and CSV first
  --fields id,title    only these, in this order; a wrong one lists those there are
  --jq EXPR            what a jq expression makes of the JSON; strings raw
  --template T         a Go template an item: '{{.id}}\t{{.title}}'

Several values in a cell of TSV are joined by ";". These columns never change:

  search, info         id, title, authors, topics, price, currency, stock, isbn13
  buy, orders list     order_id, state, total, currency, created_at
  orders show          book_id, title, quantity, price, currency
  topics               slug, name, books
  history              at, kind, change, after, reason, operation
  import               new, changed, same, rejected, import_id
  import --undo        removed, retired, restored, kept, import_id
  import --dry-run --diff
                       line, status, book_id, title, field, before, after
  imports list         import_id, state, source, new, changed, same, rejected, at
  imports show         book_id, title, status, field, before, after, undone
  audit, faults        check, order_id, book_id, movement_id, expected, found, currency, detail
  audit, sums          check, state, found, currency
  certs                name, state, ends_at, identity, hosts, file
  whoami, login        name, role, scopes, expires_at, account_id
  token list, revoke   token_id, name, scopes, created_at, expires_at, last_used_at, current
  token create         token_id, name, scopes, expires_at, secret
  accounts, passwd     account_id, name, role, state, created_at
  stock, price, books  as info`
}
