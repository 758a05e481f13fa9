package bookfile

import "io"

// ReadLimited reads what so many packed bytes unpack to, under other limits
// than those of files.
func ReadLimited(r io.Reader, packed, most, ratio, from int64) error {
	_, err := io.Copy(io.Discard, &limiter{r: r, packed: &counter{n: packed}, most: most, ratio: ratio, from: from})
	return err
}

// Content gives what a format gets that tells its encoding by itself, and what
// it was decoded from.
func Content(r io.Reader, encoding string) (content io.Reader, from string, err error) {
	unpacked, err := unpack(r)
	if err != nil {
		return nil, "", err
	}
	text, err := decode(unpacked, encoding)
	if err != nil {
		return nil, "", err
	}
	in := newWindow(text, "")
	if err := in.sample(); err != nil {
		return nil, "", err
	}
	return in.rest(), text.encoding, nil
}
