// Package message is the page that says one thing and links to the next: to
// browsers that have nothing else of the console to show. It has neither script
// nor style. Its headers, the content type aside, are the caller's.
package message

import (
	"html/template"
	"net/http"
)

// Page is what it says.
type Page struct {
	Title, Text string
	// Link is where it leads, and Next what that is called.
	Link, Next string
}

var page = template.Must(template.New("message").Parse(`<!DOCTYPE html>
<html lang="en-AU">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} – NoticeHub</title>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
<p><a href="{{.Link}}">{{.Next}}</a></p>
</main>
</body>
</html>
`))

// Write answers with the page.
func (p Page) Write(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = page.Execute(w, p) // the browser may have gone
}
