package web

import (
	"bytes"
	"encoding/json"

	"github.com/bazar-store/bazar/pkg/api"
)

// checkMembers refuses what encoding/json lets pass in valid JSON: the same
// member twice in an object, and a name in other letters than the contract's
// snake_case (encoding/json takes "Lines" for "lines"). Two programs that read
// such a body may understand it differently.
func checkMembers(body []byte) error {
	var names [][]byte // of the objects that are open, outermost first
	var starts []int   // where in names each of them begins
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{':
			starts = append(starts, len(names))
		case '}':
			names, starts = names[:starts[len(starts)-1]], starts[:len(starts)-1]
		case '"':
			end := stringEnd(body, i)
			if isName(body[end:]) {
				name, err := memberName(body[i:end], names[starts[len(starts)-1]:])
				if err != nil {
					return err
				}
				names = append(names, name)
			}
			i = end - 1
		}
	}
	return nil
}

// stringEnd is the index after the string that starts at i.
func stringEnd(body []byte, i int) int {
	for i++; body[i] != '"'; i++ {
		if body[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func isName(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
}

// memberName is the name in a quoted string, unless it is among its siblings.
func memberName(quoted []byte, siblings [][]byte) ([]byte, error) {
	name := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		var plain string
		if err := json.Unmarshal(quoted, &plain); err != nil {
			return nil, api.Errorf(api.CodeInvalid, "a member's name cannot be read: %w", err)
		}
		name = []byte(plain)
	}
	for _, b := range name {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '_' {
			return nil, api.Errorf(api.CodeInvalid, "unknown member %q", name)
		}
	}
	for _, sibling := range siblings {
		if bytes.Equal(name, sibling) {
			return nil, api.Errorf(api.CodeInvalid, "member %q stands twice", name)
		}
	}
	return name, nil
}
