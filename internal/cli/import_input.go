package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/pkg/api"
)

// stdinName is what standard input is called where a file has its name.
const stdinName = "stdin"

// openBookFile opens what is imported, once, and whatever it is but a directory:
// a pipe or a device too, where that is what was typed. For a plain file it
// counts the lines, so that the progress knows its end.
func (a *app) openBookFile(ctx context.Context, path string) (in io.ReadCloser, name string, lines int64, err error) {
	if path == "-" {
		return io.NopCloser(a.stdin(ctx)), stdinName, 0, nil
	}
	file, err := open(ctx, path)
	if err != nil {
		return nil, "", 0, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = api.Errorf(api.CodeInvalid, "%s is a directory; give a file", path)
	}
	if err == nil && info.Mode().IsRegular() && a.streams.Err.IsTerminal() {
		lines, err = countLines(file)
	}
	if err != nil {
		return nil, "", 0, errors.Join(err, file.Close())
	}
	name = filepath.Base(path)
	if !info.Mode().IsRegular() {
		return endless{interruptible(ctx, file), file}, name, 0, nil
	}
	return file, name, lines, nil
}

// endless is a file that can keep its reader waiting.
type endless struct {
	io.Reader
	io.Closer
}

// open opens a file. A named pipe waits for who writes to it, or for the end of
// ctx.
func open(ctx context.Context, path string) (*os.File, error) {
	type result struct {
		file *os.File
		err  error
	}
	opened := make(chan result, 1)
	go func() {
		file, err := os.Open(path)
		opened <- result{file, err}
	}()
	select {
	case r := <-opened:
		if r.err != nil {
			return nil, api.Errorf(api.CodeInvalid, "%w", r.err)
		}
		return r.file, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// sameFile says whether two paths, "-" for standard input, lead to one file.
func sameFile(in, out string) bool {
	if in == "-" {
		in = "/dev/stdin" // where there is none, it is no file of ours either
	}
	from, err := os.Stat(in)
	if err != nil {
		return false
	}
	to, err := os.Stat(out)
	return err == nil && to.Mode().IsRegular() && os.SameFile(from, to)
}

// countLines counts the lines of a file, 0 if it is packed, and goes back to its
// beginning.
func countLines(file *os.File) (n int64, err error) {
	lines := bufio.NewReaderSize(file, 1<<20)
	if head, _ := lines.Peek(4); bookfile.IsPacked(head) {
		_, err = file.Seek(0, io.SeekStart)
		return 0, err
	}
	for err == nil {
		if _, err = lines.ReadSlice('\n'); err == nil {
			n++
		} else if errors.Is(err, bufio.ErrBufferFull) {
			err = nil
		}
	}
	if !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("%s: %w", file.Name(), err)
	}
	_, err = file.Seek(0, io.SeekStart)
	return n, err
}
