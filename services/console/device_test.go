package console_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"golang.org/x/oauth2"

	"github.com/noticehub/noticehub/services/internal/devprovider"
)

// deviceToken is an access token as the command line gets it.
func deviceToken(t *testing.T, w *world, account string) string {
	t.Helper()
	issuer := w.config.Provider.Issuer
	client := oauth2.Config{ClientID: devprovider.CommandLineClient, Scopes: []string{"openid", "offline_access"}, Endpoint: oauth2.Endpoint{
		DeviceAuthURL: issuer + "/device_authorization", TokenURL: issuer + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams,
	}}
	waiting, err := client.DeviceAuth(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got := w.browser().send("POST", waiting.VerificationURI, url.Values{"user_code": {waiting.UserCode}, "account": {account}}); got.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", got.Status, got.body)
	}
	token, err := client.DeviceAccessToken(t.Context(), waiting)
	if err != nil {
		t.Fatal(err)
	}
	return token.AccessToken
}
