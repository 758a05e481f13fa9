package certs

import (
	"crypto/x509"
	"net/netip"
	"slices"
	"strings"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
)

// Hosts are names and addresses, by the program that is reached there; those
// under "" are for all programs.
type Hosts map[string][]string

// ParseHosts reads hosts as they are typed: a DNS name or an IP address, for
// all programs, or for one with its name before it: "order=orders.example".
func ParseHosts(typed []string) (Hosts, error) {
	hosts := Hosts{}
	for _, text := range typed {
		name, host, one := strings.Cut(text, "=")
		if !one {
			name, host = "", text
		} else if !slices.Contains(trust.Names(), name) {
			return nil, api.Errorf(api.CodeInvalid, "there is no program %q; there are %s", name, strings.Join(trust.Names(), ", "))
		}
		if ip, err := netip.ParseAddr(host); err == nil {
			host = ip.Unmap().String() // as it stands in certificates
		} else if !isDNSName(host) {
			return nil, api.Errorf(api.CodeInvalid, "host %q is neither a DNS name nor an IP address; leave scheme and port out", host)
		}
		hosts[name] = append(hosts[name], strings.ToLower(host))
	}
	return hosts, nil
}

// of are the hosts of a new certificate: this machine, where the compose file
// has the program, and what was added.
func (h Hosts) of(name string) []string {
	hosts := []string{"localhost", "127.0.0.1", "::1", name}
	if name == "frontend" {
		hosts = append(hosts, "bazar")
	}
	return union(hosts, h.added(name))
}

func (h Hosts) added(name string) []string { return union(h[""], h[name]) }

// isDNSName says whether a text can be the name of a host; its first label may
// be a "*".
func isDNSName(s string) bool {
	labels := strings.Split(strings.TrimPrefix(s, "*."), ".")
	return len(s) <= 253 && !slices.ContainsFunc(labels, func(label string) bool {
		return label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-") != ""
	})
}

func hostsOf(c *x509.Certificate) []string {
	hosts := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	return hosts
}
