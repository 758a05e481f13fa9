package bookfile

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// The signatures of a ZIP archive's records (APPNOTE 6.3, 4.3).
const (
	localHeader = "PK\x03\x04"
	descriptor  = "PK\x07\x08"
	directory   = "PK\x01\x02"
	zipEnd      = "PK\x05\x06"
)

// zipHeader is what a local file header says (APPNOTE 6.3, 4.3.7). Without
// known, size and checksum follow the data in a data descriptor.
type zipHeader struct {
	name         string
	method       uint16
	known        bool
	crc          uint32
	packed, size uint64
}

// zipMember reads the one file of a ZIP archive as it streams by, and holds it
// against the checksum and the sizes that the archive has of it.
type zipMember struct {
	zipHeader
	in      *bufio.Reader
	counted *counter
	body    io.Reader
	start   int64 // of the data, in the archive
	crc     hash.Hash32
	n       uint64
	end     error
}

func newZipMember(in *bufio.Reader, counted *counter) (*zipMember, error) {
	z := &zipMember{in: in, counted: counted}
	for {
		if err := z.open(); err != nil || !z.ignored() {
			return z, err
		}
		if err := z.skip(); err != nil {
			return nil, err
		}
	}
}

// ignored says whether the member is none of the user's: a folder, or what
// macOS adds to the files that it packs.
func (h *zipHeader) ignored() bool {
	return strings.HasSuffix(h.name, "/") || strings.HasPrefix(h.name, "__MACOSX/")
}

// open reads the next local header and makes ready for the data.
func (z *zipMember) open() (err error) {
	if z.zipHeader, err = readZipHeader(z.in); err != nil {
		return err
	}
	z.start, z.crc, z.n = z.at(), crc32.NewIEEE(), 0
	switch {
	case z.method == zip.Deflate:
		z.body = flate.NewReader(z.in)
	case z.method != zip.Store:
		return api.Errorf(api.CodeInvalid, "%q in the archive is packed by method %d, which is not read; pack it again with deflate", z.name, z.method)
	case !z.known:
		return api.Errorf(api.CodeInvalid, "%q in the archive is stored without a size; pack it again", z.name)
	default:
		z.body = io.LimitReader(z.in, int64(min(z.size, 1<<62)))
	}
	return nil
}

// at is how far the archive was read.
func (z *zipMember) at() int64 { return z.counted.n - int64(z.in.Buffered()) }

// Read gives [io.EOF] only when the whole archive is as it should be.
func (z *zipMember) Read(p []byte) (int, error) {
	if z.end != nil {
		return 0, z.end
	}
	n, err := z.body.Read(p)
	z.crc.Write(p[:n])
	z.n += uint64(n)
	if errors.Is(err, io.EOF) {
		err = z.finish()
	}
	z.end = err
	return n, err
}

// finish checks the member and that no other follows; [io.EOF] if all is well.
func (z *zipMember) finish() error {
	if err := z.verify(); err != nil {
		return err
	}
	for {
		next, err := z.in.Peek(4)
		switch {
		case err != nil:
			return damaged(err)
		case string(next) == directory:
			return io.EOF
		case string(next) != localHeader:
			return api.Errorf(api.CodeInvalid, "the archive is damaged after %q; fetch it again", z.name)
		}
		if err := z.open(); err != nil {
			return err
		}
		if !z.ignored() {
			return severalFiles()
		}
		if err := z.skip(); err != nil {
			return err
		}
	}
}

// skip goes past the data of a member.
func (z *zipMember) skip() error {
	n, err := io.Copy(z.crc, io.LimitReader(z.body, ratioFrom))
	if err != nil {
		return err
	}
	z.n = uint64(n)
	return z.verify()
}

// verify holds the data against what the archive says of it.
func (z *zipMember) verify() error {
	packed, ok := uint64(z.at()-z.start), false
	if z.known {
		ok = z.crc.Sum32() == z.zipHeader.crc && z.n == z.size && packed == z.packed
	} else {
		ok = z.described(packed)
	}
	switch _, err := z.in.Peek(1); {
	case ok:
		return nil
	case err != nil:
		return damaged(err)
	default:
		return api.Errorf(api.CodeInvalid, "the archive is damaged: %q is not what its checksum and size say; fetch it again", z.name)
	}
}

// described reads the data descriptor (APPNOTE 6.3, 4.3.9). Nothing in it tells
// whether it has a signature and how wide its sizes are: the true values do.
func (z *zipMember) described(packed uint64) bool {
	next, _ := z.in.Peek(len(descriptor) + 4 + 8 + 8 + len(directory))
	for _, signature := range []string{descriptor, ""} {
		narrow := binary.LittleEndian.AppendUint32([]byte(signature), z.crc.Sum32())
		wide := bytes.Clone(narrow)
		for _, size := range []uint64{packed, z.n} {
			narrow = binary.LittleEndian.AppendUint32(narrow, uint32(size))
			wide = binary.LittleEndian.AppendUint64(wide, size)
		}
		for _, want := range [][]byte{narrow, wide} {
			if rest, ok := bytes.CutPrefix(next, want); ok && bytes.HasPrefix(rest, []byte("PK")) {
				_, err := z.in.Discard(len(want))
				return err == nil
			}
		}
	}
	return false
}

// readZipHeader reads a local file header with its name and extra fields.
func readZipHeader(in *bufio.Reader) (zipHeader, error) {
	const fixed = 30
	if next, err := in.Peek(len(localHeader)); err == nil && string(next) != localHeader {
		return zipHeader{}, api.Errorf(api.CodeInvalid, "the archive has no file in it")
	}
	var b [fixed]byte
	if _, err := io.ReadFull(in, b[:]); err != nil {
		return zipHeader{}, damaged(err)
	}
	word := func(at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
	long := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	rest := make([]byte, int(word(26))+int(word(28)))
	if _, err := io.ReadFull(in, rest); err != nil {
		return zipHeader{}, damaged(err)
	}
	h := zipHeader{
		name: string(rest[:word(26)]), method: word(8), known: word(6)&8 == 0,
		crc: long(14), packed: uint64(long(18)), size: uint64(long(22)),
	}
	h.widen(rest[word(26):])
	switch {
	case word(6)&1 != 0:
		return h, api.Errorf(api.CodeInvalid, "the archive is encrypted; unpack it yourself")
	case h.name == "[Content_Types].xml" || h.name == "mimetype":
		return h, api.Errorf(api.CodeInvalid, "the file is an office document or an e-book; save the sheet as CSV UTF-8")
	}
	return h, nil
}

// widen takes sizes of 64 bits from the extra field that has them (APPNOTE 6.3,
// 4.5.3).
func (h *zipHeader) widen(extra []byte) {
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if n > len(extra)-4 {
			return
		}
		data := extra[4 : 4+n]
		if id == 1 && n >= 16 && h.size == 0xFFFFFFFF && h.packed == 0xFFFFFFFF {
			h.size, h.packed = binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint64(data[8:])
		}
		extra = extra[4+n:]
	}
}

// severalMembers refuses an archive of several files before the first of them
// is read, where the input can be looked into. Whatever else is wrong with it
// is seen on reading.
func severalMembers(r io.Reader) error {
	file, ok := r.(interface {
		io.ReaderAt
		Stat() (fs.FileInfo, error)
	})
	if !ok {
		return nil
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil // it streams
	}
	archive, err := zip.NewReader(file, info.Size())
	if err != nil {
		return nil // the reading tells
	}
	files := 0
	for _, f := range archive.File {
		if h := (zipHeader{name: f.Name}); !h.ignored() {
			files++
		}
		if f.Name == "[Content_Types].xml" || f.Name == "mimetype" {
			return nil // its own message comes on reading
		}
	}
	if files > 1 {
		return severalFiles()
	}
	return nil
}

func severalFiles() error {
	return api.Errorf(api.CodeInvalid, "the archive has several files in it; unpack it, and import them one by one")
}
