// The line with which `varve serve --stdio` begins, so that the other end knows who speaks and from where on.

export const pipeGreeting = 'varve serve 1\n'
/** What the one repository behind a pipe is called in the server's API. */
export const pipeRepository = 'repository'
