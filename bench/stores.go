package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// starterBooks is more than a new store has: numbers above it are of books that
// were imported.
const starterBooks = 100

// store is the directory of a store with n generated books, for measurements
// that only read it; it is made if it is not there.
func (b *bench) store(ctx context.Context, n int) (dir string, err error) {
	dir = filepath.Join(b.dir, fmt.Sprintf("store-%d", n))
	if _, err := os.Stat(filepath.Join(dir, "complete")); err == nil {
		return dir, nil
	}
	_, err = b.makeStore(ctx, n)
	return dir, err
}

// makeStore imports n generated books into a new store, and gives how it went.
func (b *bench) makeStore(ctx context.Context, n int) (o outcome, err error) {
	path, err := b.bookFile(1, n)
	if err != nil {
		return o, err
	}
	dir, err := b.fresh(fmt.Sprintf("store-%d", n))
	if err != nil {
		return o, err
	}
	if o, err = finish(b.bazar(ctx, dir, "import", path)); err != nil {
		return o, err
	}
	return o, os.WriteFile(filepath.Join(dir, "complete"), nil, 0o600)
}

// small is a store of its own for a measurement that changes it.
func (b *bench) small(ctx context.Context, name string) (dir string, err error) {
	path, err := b.bookFile(1, 1_000)
	if err != nil {
		return "", err
	}
	if dir, err = b.fresh(name); err != nil {
		return "", err
	}
	_, err = finish(b.bazar(ctx, dir, "import", path))
	return dir, err
}

// goodbooks is the file of the goodbooks-10k data set, "" where there is none.
func goodbooks() (string, error) {
	path := filepath.Join("..", "shared", "data", "goodbooks-10k", "books.csv")
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return path, err
}
