package cli

import (
	"bufio"
	"context"
	"io"
	"iter"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// maxRefLine is the longest line that is read from stdin, in bytes.
const maxRefLine = 1 << 20

// refs gives the books that args name, with those of stdin in the place of "-":
// one a line, the first field of a line of TSV.
func (a *app) refs(ctx context.Context, args []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, arg := range args {
			if arg != "-" {
				if !yield(arg, nil) {
					return
				}
				continue
			}
			lines := bufio.NewScanner(a.stdin(ctx))
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

// reader is a function that reads, as [io.Reader] does.
type reader func(p []byte) (int, error)

// Read calls the function.
func (r reader) Read(p []byte) (int, error) { return r(p) }

// stdin is standard input that ends when ctx does.
func (a *app) stdin(ctx context.Context) io.Reader { return interruptible(ctx, a.streams.In) }

// interruptible is an input that ends when ctx does: who presses Ctrl-C need not
// end the input too. A read can't be called off; it stays behind, with a buffer
// of its own.
func interruptible(ctx context.Context, in io.Reader) io.Reader {
	type result struct {
		data []byte
		err  error
	}
	return reader(func(p []byte) (int, error) {
		came := make(chan result, 1)
		go func() {
			data := make([]byte, len(p))
			n, err := in.Read(data)
			came <- result{data[:n], err}
		}()
		select {
		case r := <-came:
			return copy(p, r.data), r.err
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
}
