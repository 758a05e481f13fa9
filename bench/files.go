package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	largeFile = 1 << 30 // bytes
	onixRate  = 5       // MB a second
)

// measureFiles measures large files: how fast they come in, in how much memory.
func measureFiles(ctx context.Context, b *bench) error {
	return errors.Join(importWordy(ctx, b), importONIX(ctx, b))
}

// importWordy imports a CSV file of books with long descriptions.
func importWordy(ctx context.Context, b *bench) error {
	path, size, err := b.wordyFile(b.amount(largeFile, largeFile/256))
	if err != nil {
		return err
	}
	return b.importFile(ctx, "CSV with descriptions", path, size, 0)
}

// importONIX imports what a store of generated books exports as ONIX.
func importONIX(ctx context.Context, b *bench) (err error) {
	dir, err := b.store(ctx, b.amount(1_000_000, 20_000))
	if err != nil {
		return err
	}
	path := filepath.Join(b.dir, "books.onix")
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(path)) }()
	export := b.bazar(ctx, dir, "export", "--format", "onix")
	export.Stdout = file
	if _, err := finish(export); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return b.importFile(ctx, "ONIX 3.0", path, info.Size(), onixRate)
}

// importFile imports a file into a new store; rate is what is wanted, in MB a
// second, 0 for nothing.
func (b *bench) importFile(ctx context.Context, what, path string, size int64, rate float64) error {
	dir, err := b.fresh("files")
	if err != nil {
		return err
	}
	o, err := finish(b.bazar(ctx, dir, "import", path))
	if err != nil {
		return err
	}
	fast := float64(size) / 1e6 / o.took.Seconds()
	label := fmt.Sprintf("%s, %.0f MB", what, float64(size)/1e6)
	measured := fmt.Sprintf("%.1f MB/s (%s)", fast, o.took.Round(time.Millisecond))
	if rate > 0 {
		b.judge(label, measured, fmt.Sprintf("≥ %.0f MB/s", rate), fast >= rate)
	} else {
		b.note(label, measured)
	}
	if o.rss > 0 {
		b.judge("  peak memory of the process", fmt.Sprintf("%.1f MiB", float64(o.rss)/(1<<20)), "< 64 MiB", o.rss < importRSS)
	}
	return nil
}

// wordyFile makes a CSV file of at least so many bytes: generated books, each
// with a description of about two thousand characters.
func (b *bench) wordyFile(size int) (path string, written int64, err error) {
	path = filepath.Join(b.dir, "wordy.csv")
	file, err := os.Create(path)
	if err != nil {
		return "", 0, err
	}
	out := bufio.NewWriterSize(file, 1<<16)
	shelves, names := newShelves(3), make([]string, topics)
	for i := range names {
		names[i] = topicName(i)
	}
	n, _ := out.WriteString("description," + header()) // Flush tells
	written = int64(n)
	for written < int64(size) {
		line := shelves.book([]byte(strings.Join(shelves.words[shelves.random.IntN(1_000):][:280], " ")+","), names)
		n, _ = out.Write(line) // Flush tells
		written += int64(n)
	}
	return path, written, errors.Join(out.Flush(), file.Close())
}
