package bookfile_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bazar-store/bazar/internal/bookfile"
)

// gzipped packs text by gzip.
func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// zipped packs files, "name: text" each, in an archive whose sizes follow the
// data, as it is written to a pipe.
func zipped(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, file := range files {
		name, text, _ := strings.Cut(file, ": ")
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// zippedRaw packs text in an archive whose sizes stand in the local header.
func zippedRaw(t testing.TB, method uint16, text string) string {
	t.Helper()
	data := text
	if method == zip.Deflate {
		data = deflated(t, text)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateRaw(&zip.FileHeader{
		Name: "books.csv", Method: method, CRC32: crc32.ChecksumIEEE([]byte(text)),
		CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(text)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func deflated(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wideZip is an archive with sizes of 64 bits: in the extra field, or after the
// data if they follow it.
func wideZip(t testing.TB, text string, follow, signed bool) string {
	t.Helper()
	data, le := deflated(t, text), binary.LittleEndian
	crc := crc32.ChecksumIEEE([]byte(text))
	extra := le.AppendUint16(le.AppendUint16(nil, 1), 16)
	flags := uint16(0)
	if follow {
		flags = 8
		extra = append(extra, make([]byte, 16)...)
	} else {
		extra = le.AppendUint64(le.AppendUint64(extra, uint64(len(text))), uint64(len(data)))
	}
	b := []byte("PK\x03\x04")
	for _, word := range []uint16{45, flags, zip.Deflate, 0, 0} {
		b = le.AppendUint16(b, word)
	}
	if follow {
		b = le.AppendUint32(b, 0)
	} else {
		b = le.AppendUint32(b, crc)
	}
	b = le.AppendUint32(le.AppendUint32(b, 0xFFFFFFFF), 0xFFFFFFFF)
	b = le.AppendUint16(le.AppendUint16(b, 1), uint16(len(extra)))
	b = append(append(append(b, 'b'), extra...), data...)
	if follow && signed {
		b = append(b, "PK\x07\x08"...)
	}
	if follow {
		b = le.AppendUint64(le.AppendUint64(le.AppendUint32(b, crc), uint64(len(data))), uint64(len(text)))
	}
	return string(b) + "PK\x01\x02"
}

func TestPackedFilesAreRead(t *testing.T) {
	const text = "title,publisher\na,b\nc,d\n"
	want := []string{"2: a/b", "3: c/d"}
	for name, packed := range map[string]string{
		"gzip":                     gzipped(t, text),
		"gzip in two parts":        gzipped(t, text[:9]) + gzipped(t, text[9:]),
		"zip, sizes after it":      zipped(t, "books.csv: "+text),
		"zip, deflated":            zippedRaw(t, zip.Deflate, text),
		"zip, stored":              zippedRaw(t, zip.Store, text),
		"zip, wide sizes":          wideZip(t, text, false, false),
		"zip, wide sizes after it": wideZip(t, text, true, true),
		"zip without a signature":  wideZip(t, text, true, false),
		"zip with a folder":        zipped(t, "books/: ", "books/a.csv: "+text),
		"zip of a Mac":             zipped(t, "a.csv: "+text, "__MACOSX/: ", "__MACOSX/._a.csv: junk"),
		"a mark within":            gzipped(t, "\xff\xfe"+encoded(t, "utf-16le", text)),
	} {
		t.Run(name, func(t *testing.T) {
			sameRows(t, parse(t, packed, bookfile.Options{}), want)
			r, err := bookfile.NewReader(iotest.OneByteReader(strings.NewReader(packed)), bookfile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			sameRows(t, readAll(t, r), want)
		})
	}
}

// readToTheEnd reads all rows, and gives them with the error that ended them.
func readToTheEnd(in io.Reader, o bookfile.Options) (rows []bookfile.Row, err error) {
	r, err := bookfile.NewReader(in, o)
	if err != nil {
		return nil, err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
}

// patched changes bytes of s.
func patched(s string, at int, bytes string) string { return s[:at] + bytes + s[at+len(bytes):] }

func TestPackedFilesThatAreRefused(t *testing.T) {
	const text = "title,publisher\na,b\nc,d\n"
	gz, packed := gzipped(t, text), zippedRaw(t, zip.Deflate, text)
	tests := map[string]struct{ data, want string }{
		"nested":                 {gzipped(t, gzipped(t, text)), "an archive in an archive"},
		"nested zip":             {zipped(t, "a.zip: "+packed), "an archive in an archive"},
		"several files":          {zipped(t, "a.csv: "+text, "b.csv: "+text), "several files in it"},
		"no file":                {zipped(t), "no file in it"},
		"a folder alone":         {zipped(t, "a/: "), "no file in it"},
		"a workbook":             {zipped(t, "[Content_Types].xml: <x/>", "a: b"), "save the sheet as CSV"},
		"encrypted":              {patched(packed, 6, "\x01"), "encrypted"},
		"another method":         {patched(packed, 8, "\x0e"), "packed by method 14"},
		"stored without a size":  {patched(zippedRaw(t, zip.Store, text), 6, "\x08"), "stored without a size"},
		"zip cut short":          {packed[:60], "cut short"},
		"zip cut after the data": {packed[:strings.Index(packed, "PK\x01\x02")], "cut short"},
		"zip, junk after it":     {packed[:strings.Index(packed, "PK\x01\x02")] + "junk", "damaged after"},
		"zip, wrong checksum":    {patched(packed, 14, "xxxx"), "not what its checksum and size say"},
		"zip, wrong size":        {patched(packed, 22, "\x01"), "not what its checksum and size say"},
		"zip, wrong packed size": {patched(packed, 18, "\x01"), "not what its checksum and size say"},
		"zip, wrong data":        {patched(packed, 39, "\xff\xff\xff"), "damaged"},
		"gzip cut short":         {gz[:len(gz)-9], "cut short"},
		"gzip cut in its end":    {gz[:len(gz)-3], "cut short"},
		"gzip, wrong checksum":   {patched(gz, len(gz)-8, "xxxx"), "damaged (gzip: invalid checksum)"},
		"gzip, wrong size":       {patched(gz, len(gz)-4, "xxxx"), "damaged (gzip: invalid checksum)"},
		"gzip, junk after it":    {gz + "junk and more junk", "damaged (gzip: invalid header)"},
		"gzip, wrong head":       {patched(gz, 2, "\x07"), "damaged (gzip: invalid header)"},
		"a bomb":                 {gzipped(t, text+strings.Repeat("\n", 17<<20)), "unpacks to more than 200 times its size"},
		"a bomb in a zip":        {zipped(t, "a.csv: "+text+strings.Repeat("\n", 17<<20)), "unpacks to more than 200 times its size"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := readToTheEnd(strings.NewReader(test.data), bookfile.Options{Name: "books"})
			wants(t, err, test.want)
			wants(t, err, "books: ")
		})
	}
}

func TestNoRowOfAnArchiveOfSeveralFilesIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "two.zip")
	if err := os.WriteFile(path, []byte(zipped(t, "a.csv: title\na\n", "b.csv: title\nb\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = bookfile.NewReader(f, bookfile.Options{})
	wants(t, err, "several files in it")
}

func TestHowMuchIsUnpackedIsLimited(t *testing.T) {
	read := func(packed, unpacked int) error {
		return bookfile.ReadLimited(strings.NewReader(strings.Repeat("x", unpacked)), int64(packed), 1000, 10, 100)
	}
	for _, test := range []struct {
		packed, unpacked int
		want             string
	}{
		{1000, 1000, ""},
		{1000, 1001, "more than 1000 bytes"},
		{1, 100, ""},
		{9, 101, "more than 10 times"},
		{90, 900, ""},
	} {
		t.Run(fmt.Sprint(test.packed, test.unpacked), func(t *testing.T) {
			wants(t, read(test.packed, test.unpacked), test.want)
		})
	}
}
