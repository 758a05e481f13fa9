package onix

import (
	"bufio"
	"io"
	"strings"
)

// Rejects writes products that were turned down as a message like the one that
// they stood in: its root, its header, each product as it stood. Before each
// stands a comment that says why. What is no XML would spoil the message, so it
// stands in the comment, too.
type Rejects struct {
	w      *bufio.Writer
	reader *Reader
	state  rejectsState
}

type rejectsState int

const (
	unwritten rejectsState = iota
	unfilled               // begun, but without a product
	filled
	closed
)

// Rejects makes a writer of rejected products of r's message. Nothing is
// written before the first.
func (r *Reader) Rejects(w io.Writer) *Rejects { return &Rejects{w: bufio.NewWriter(w), reader: r} }

// Add writes a product as it stood, and why it was rejected. Errors are those of
// the file.
func (r *Rejects) Add(raw, reason string) error {
	if r.state == unwritten {
		r.begin()
	}
	if n, err := parse(raw, 1, r.reader.tags); err != nil || n.name != "Product" {
		if raw = strings.TrimSpace(raw); raw != "" {
			reason += "\n" + raw + "\n"
		}
		raw = ""
	}
	if r.reader.split.prolog == "" && !strings.Contains(raw, "<![CDATA[") {
		raw = spelled(raw)
	}
	r.write("<!-- ", comment(reason), " -->\n")
	if raw != "" {
		r.write(raw, "\n")
		r.state = filled
	}
	_, err := r.w.Write(nil) // gives the error of an earlier write
	return err
}

// Close ends the message, if it has begun. Closing again does nothing.
func (r *Rejects) Close() error {
	if r.state == unfilled && strings.Contains(r.reader.split.start, "/onix/3.") {
		none := strings.NewReplacer("Product", "NoProduct", "product", "x507").Replace(r.reader.split.product)
		r.write("<", none, "/>\n")
	}
	if r.state == unfilled || r.state == filled {
		r.write("</", r.reader.split.root, ">\n")
		r.state = closed
	}
	return r.w.Flush()
}

func (r *Rejects) begin() {
	split := &r.reader.split
	r.write(`<?xml version="1.0" encoding="UTF-8"?>`, "\n")
	if split.prolog != "" {
		r.write(split.prolog, "\n")
	}
	start := split.start
	if strings.HasSuffix(start, "/>") {
		start = strings.TrimSuffix(start, "/>") + ">"
	}
	r.write(start, "\n", r.reader.header.String())
	r.state = unfilled
}

func (r *Rejects) write(parts ...string) {
	for _, s := range parts {
		// An error stays with the buffer, and the next flush returns it.
		_, _ = r.w.WriteString(s)
	}
}
