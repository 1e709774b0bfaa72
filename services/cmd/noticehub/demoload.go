package main

type demoLoadCommand struct{}
