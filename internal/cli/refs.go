package cli

import (
	"bufio"
	"iter"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// maxRefLine is the longest line that is read from stdin, in bytes.
const maxRefLine = 1 << 20

// refs gives the books that args name, with those of stdin in the place of "-":
// one a line, the first field of a line of TSV.
func (a *app) refs(args []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, arg := range args {
			if arg != "-" {
				if !yield(arg, nil) {
					return
				}
				continue
			}
			lines := bufio.NewScanner(a.streams.In)
			lines.Buffer(nil, maxRefLine)
			for lines.Scan() {
				ref, _, _ := strings.Cut(strings.TrimSuffix(lines.Text(), "\r"), "\t")
				if ref = strings.TrimSpace(ref); ref != "" && !yield(ref, nil) {
					return
				}
			}
			if err := lines.Err(); err != nil {
				yield("", api.Errorf(api.CodeInvalid, "standard input: %w", err))
				return
			}
		}
	}
}

// shapeOf is one item for one argument, and several for more.
func shapeOf(args []string) shape {
	if len(args) == 1 && args[0] != "-" {
		return asOne
	}
	return asCards
}
