package transport

import (
	"net/url"
	"strings"

	"github.com/usherhq/usher/engine"
)

// What an admitted shopper brings along to a shop of its own.
const (
	tokenParam  = "usher_token"
	ticketParam = "usher_ticket"
)

// withToken is an allowed address with the admission in its query, behind what it has.
func withToken(returnURL string, p engine.Place) string {
	separator := "?"
	if strings.Contains(returnURL, "?") {
		separator = "&"
	}
	if strings.HasSuffix(returnURL, "?") || strings.HasSuffix(returnURL, "&") {
		separator = ""
	}
	return returnURL + separator + tokenParam + "=" + url.QueryEscape(p.AdmissionToken) + "&" + ticketParam + "=" + url.QueryEscape(p.Ticket)
}

// hasToken tells whether an address has something of ours in it already: of two tokens a shop
// could read the wrong one.
func hasToken(returnURL string) bool {
	_, query, _ := strings.Cut(returnURL, "?")
	values, err := url.ParseQuery(query)
	return err != nil || values.Has(tokenParam) || values.Has(ticketParam)
}
