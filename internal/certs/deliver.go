package certs

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
)

// Delivery is a directory that gets what one program needs, and nothing else.
type Delivery struct{ Name, To string }

// ParseDeliveries reads deliveries as they are typed: "order=/etc/bazar/order".
func ParseDeliveries(typed []string) (list []Delivery, err error) {
	for _, text := range typed {
		name, to, _ := strings.Cut(text, "=")
		if to == "" || !slices.Contains(trust.Names(), name) {
			return nil, api.Errorf(api.CodeInvalid, "%q is no delivery: write a program and a directory, order=/etc/bazar; there are %s",
				text, strings.Join(trust.Names(), ", "))
		}
		list = append(list, Delivery{name, to})
	}
	return list, nil
}

// Deliver copies a program's certificate and key, and the CA's certificate, to
// another directory, under the same names. What is the same already is not
// touched.
func (d Dir) Deliver(list []Delivery) error {
	for _, one := range list {
		if err := os.MkdirAll(one.To, 0o700); err != nil {
			return api.Errorf(api.CodeInvalid, "directory: %w", err)
		}
		// The key before the certificate, as in sign.
		for _, from := range []string{d.certFile(authority), d.keyFile(one.Name), d.certFile(one.Name)} {
			if err := deliver(from, filepath.Join(one.To, filepath.Base(from))); err != nil {
				return err
			}
		}
	}
	return nil
}

func deliver(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return api.Errorf(api.CodeInvalid, "%w", err)
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return api.Errorf(api.CodeInvalid, "%w", err)
	}
	if there, err := os.ReadFile(to); err == nil && bytes.Equal(there, text) {
		return nil
	}
	return replace(to, text, info.Mode().Perm())
}
