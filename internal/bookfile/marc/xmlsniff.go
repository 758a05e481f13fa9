package marc

import "bytes"

// IsXML says whether a file, by its first bytes, is MARCXML: whether its root is
// a collection or a record of the namespace.
func IsXML(head []byte) bool {
	r, err := NewXMLReader(bytes.NewReader(head), false)
	if err != nil {
		return false
	}
	r.prefixes = nil // the namespace has to be named
	for {
		if err := r.in.ask(len(head)); err != nil {
			return false
		}
		r.in.step(len(r.in.data()) - len(bytes.TrimLeft(r.in.data(), " \t\r\n")))
		data := r.in.data()
		if !bytes.HasPrefix(data, []byte("<!")) && !bytes.HasPrefix(data, []byte("<?")) {
			break
		}
		if found, err := r.in.skipDeclaration(); !found || err != nil {
			return false
		}
	}
	n, err := r.in.tag()
	if n == 0 || err != nil {
		return false
	}
	tag := string(r.in.data()[:n])
	prefix, local := splitName(tagName(tag))
	return (local == "collection" || local == "record") && r.isOurs(tag, prefix)
}
