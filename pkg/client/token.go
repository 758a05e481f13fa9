package client

import (
	"net/http"
	"net/netip"
	"net/url"

	"github.com/bazar-store/bazar/pkg/api"
)

// Serves says whether there is an address of a service.
func (c *Client) Serves(service api.Service) bool { return len(c.replicas[service].urls) > 0 }

// authorize adds the token to a call of the client's own. What is sent on for
// others ([Client.Send]) goes as it came.
func (c *Client) authorize(call *call, request *http.Request) error {
	if c.token == nil {
		return nil
	}
	if call.private {
		if err := c.closed(call.service, "a password"); err != nil {
			return err
		}
	}
	if call.anonymous {
		return nil
	}
	token, err := c.token()
	if err != nil || token == "" {
		return err
	}
	if err := c.closed(call.service, "a token"); err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	return nil
}

// closed refuses to send a secret where others on the way could read it.
func (c *Client) closed(service api.Service, what string) error {
	for _, u := range c.replicas[service].urls {
		if u.Scheme != "https" && !onThisMachine(u) {
			return api.Errorf(api.CodeInvalid, "%s would go to %s unencrypted; use its https address", what, u.Redacted())
		}
	}
	return nil
}

func onThisMachine(u *url.URL) bool {
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}
